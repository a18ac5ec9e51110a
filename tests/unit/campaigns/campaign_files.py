"""Campaign files for tests: a valid one, and copies of it with one thing changed."""

from callbeat.campaigns.reader import read_campaign

FULL = """\
name: renewal-reminders
provider: bolna
account: bolna_india
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule:
  cron: "0 12 * * mon-fri"
  timezone: Asia/Kolkata
  from: 2026-12-01
  until: 2027-03-31
  skip_dates: [2027-01-26]
  lead: 45m
  late: 20m
  overlap: allow
contacts:
  source: contacts/%Y-%m-%d.csv
  phone: mobile
  variables: {customer_name: name}
  max_rows: 20000
hours:
  days: mon-wed,sat
  between: "09:00-20:00"
  zone: Asia/Dubai
from_numbers: ["+911140000000", +911140000001]
retries: {attempts: 2, after: [15m], on: [no_answer, busy]}
on_unverified: stop
bolna:
  webhook_url: https://example.com/hook
  limits: [1, 2.5, true, null, "3"]
"""

MINIMAL = """\
name: daily
provider: bolna
agent: a1
schedule:
  cron: "0 10 * * *"
  timezone: Asia/Kolkata
contacts:
  source: contacts/daily.csv
hours: any
"""


def changed(old: str, new: str, text: str = FULL) -> bytes:
    """The valid file with one piece of text replaced."""
    assert text.count(old) == 1, old
    return text.replace(old, new).encode()


def named(name: str) -> bytes:
    """A valid small file of that campaign name."""
    return changed("name: daily", f"name: {name}", MINIMAL)


def problems(data: bytes) -> list[str]:
    """What is said of a file."""
    return [str(problem) for problem in read_campaign(data, "f.yaml").problems]
