"""A campaign goes from its YAML file to a report of what became of every contact, on real processes."""

import base64
import csv
import hmac
import io
import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from prometheus_client.parser import text_string_to_metric_families

from cli.ports import free_port
from tests.integration.campaign_files import AGENT, cron_at
from tests.integration.installation import Installation
from tests.integration.sandboxes import each_once
from tests.unit.notify.receivers import a_mail_server, a_receiver

KEY = b"what this installation signs with"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
SUMS = ("run", "state", "reason", "rows", "invalid", "excluded", "excluded_by", "calls", "outcomes", "cost")
KOLKATA = ZoneInfo("Asia/Kolkata")
RUN_FIELDS = {
    "run", "campaign", "revision", "due_at", "start_at", "state", "reason", "needs_attention", "rows", "invalid",
    "excluded", "excluded_by", "calls", "outcomes", "cost", "batches",
}  # fmt: skip
BATCH_FIELDS = {
    "batch", "provider", "account", "label", "provider_ref", "state", "reason", "start_at", "dial_until", "calls",
}  # fmt: skip
EVENT_FIELDS = {"at", "from", "to", "why", "actor"}
CALL_FIELDS = [
    "row", "number", "batch", "provider_call", "outcome", "provider_status", "attempts", "started_at", "seconds",
    "cost", "currency", "error", "variables",
]  # fmt: skip
CONTACTS = [
    ("+12025500100", "Asha"),
    ("+12025500201", "Daniel"),
    ("'+12025500302", "Mira"),  # as a spreadsheet writes it
    ("+1 (202) 550-0403", "Tomas"),
    ("+12025500566", "Lena"),  # does not answer
    ("+12025500672", "Ravi"),  # busy
    ("+12025500782", "Grace"),  # voicemail
    ("+12025500876", "Noah"),  # fails
    ("+12025500201", "Daniel again"),
    ("12025500999", "No plus sign"),
    ("call me", "No number"),
]
NUMBERS = [
    "+12025500100", "+12025500201", "+12025500302", "+12025500403", "+12025500566", "+12025500672", "+12025500782",
    "+12025500876",
]  # fmt: skip


def test_a_run_goes_from_yaml_to_a_report_of_every_contact(installation: Installation):
    """This is the whole promise: on schedule, once, and afterwards what became of every single contact."""
    installation.settings["CALLBEAT_METRICS__PORT"] = str(free_port())
    with a_receiver() as receiver, a_mail_server() as mailbox:
        installation.settings |= _telling(mailbox)
        due = _called(
            installation, {"url": receiver.address, "email": "ops@example.org", "attach": ["report", "csv"]}
        )
        installation.wait_until(lambda: receiver.got and mailbox.got, "somebody is told")
    _is_told_to_others(installation, receiver, mailbox)

    (run,) = installation.json("runs")
    _is_told_as_designed(run, due)
    _adds_up(run)
    assert each_once(installation.sandbox.dialled(), NUMBERS)
    first = min(dial["at"] for dial in installation.sandbox.dials())
    assert first[:16] == run["start_at"][:16]
    _has_its_events(installation, run)
    _tells_its_story(installation, run, due)
    _tells_every_call(installation, run["run"])
    _can_be_scraped(installation)


def _telling(mailbox):
    """What webhooks are signed with, and where e-mail goes."""
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.port), "SMTP_TLS": "none", "SENDER": "c@example.com"}
    return {
        f"CALLBEAT_NOTIFY__{name}": value for name, value in (mail | {"SECRET": SECRET, "INSIDE": "true"}).items()
    }


def _called(installation, notify):
    """When the run was due that has now finished."""
    installation.start()
    due = installation.soon() + timedelta(minutes=2)
    variables = {"variables": {"customer_name": "name"}}
    there = {"cron": cron_at(due.astimezone(KOLKATA)), "timezone": "Asia/Kolkata"}
    how = {"contacts": variables, "from_numbers": ["+12025550199"], "notify": notify}
    installation.campaign("renewals", CONTACTS, due=due, schedule=there, **how)
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_for_run("renewals", "finished")
    return due


def _is_told_to_others(installation, receiver, mailbox):
    """Once by webhook, signed, and once by e-mail with the report; nobody's number is in either, nor in the log."""
    (run,) = installation.json("runs")
    ((_, headers, body),) = receiver.got
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.digest(KEY, content, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    message = json.loads(body)
    assert (message["type"], message["needs_attention"], message["url"]) == ("run.finished", False, None)
    assert {name: message[name] for name in SUMS} == {name: run[name] for name in SUMS}
    ((_, mail),) = mailbox.got
    assert mail["Subject"].startswith("[trial] callbeat: renewals finished (")
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert list(files) == [f"{run['run']}.html", f"{run['run']}.csv"]
    assert len(files[f"{run['run']}.csv"].splitlines()) == 1 + run["rows"]
    told = body.decode() + "".join(files.values()) + installation.log("worker").read_text()
    assert [number for number in NUMBERS if number in told] == []
    assert "of-somebody" not in installation.log("worker").read_text()


def _is_told_as_designed(run, due):
    start = due + timedelta(minutes=8)  # two minutes past the mark becomes the next mark
    key = f"renewals@{due:%Y%m%dT%H%MZ}"
    assert set(run) == RUN_FIELDS
    assert (run["run"], run["campaign"], run["state"], run["reason"]) == (key, "renewals", "finished", None)
    assert (run["due_at"], run["start_at"]) == (due.isoformat(), start.isoformat())
    assert run["needs_attention"] is False
    (batch,) = run["batches"]
    assert set(batch) == BATCH_FIELDS
    assert batch["label"] == f"cb-main-renewals-{due:%Y%m%dT%H%MZ}-1"
    assert (batch["batch"], batch["provider"], batch["account"]) == (f"{key}/1", "bolna", "bolna")
    assert (batch["state"], batch["start_at"], batch["dial_until"]) == ("finished", start.isoformat(), None)


def _adds_up(run):
    """Every row ends in exactly one place."""
    assert (run["rows"], run["invalid"], run["excluded"], run["calls"]) == (11, 2, 1, 8)
    assert run["excluded_by"] == {"duplicate": 1}
    assert run["rows"] == run["invalid"] + run["excluded"] + run["calls"]
    assert run["outcomes"] == {"answered": 4, "no_answer": 1, "busy": 1, "voicemail": 1, "failed": 1}
    assert sum(batch["calls"] for batch in run["batches"]) == run["calls"]


def _tells_its_story(installation, run, due):
    """A person reads it top to bottom, in the order in which it happened, and needs nothing else."""
    code, out, _ = installation.callbeat("show", run["run"])
    assert code == 0
    assert "11 rows = 2 invalid + 1 excluded (1 duplicate) + 8 calls (answered 4, " in out
    ref = run["batches"][0]["provider_ref"]
    start = datetime.fromisoformat(run["start_at"])
    outcomes = "answered 4, "
    wanted = [
        "Asia/Kolkata",
        f"planned: due {due:%Y-%m-%d %H:%M} UTC",
        "opens: its contacts are read and screened",
        "opened: 11 rows: 8 to call, 3 not (1 duplicate, 1 no_country_code, 1 no_number)",
        "create: sends 8 calls to bolna, labelled cb-main-renewals-",
        f"created: the provider calls it {ref}",
        f"start: asked for {due:%Y-%m-%dT%H:%M}:00+00:00, which starts {start:%H:%M} UTC",
        "scheduled: the provider took the start",
        f"verified: one batch, scheduled, starts {start:%H:%M} UTC",
        f"verified: one batch, scheduled, starts {start:%H:%M} UTC",
        "dialling: the provider says",
        f"batch finished: every call is accounted for: {outcomes}",
        f"finished: every batch is final and each of 8 calls has an outcome: {outcomes}",
        "Batches",
    ]
    place = 0
    for words in wanted:
        place = out.find(words, place) + 1
        assert place, f"'{words}' is not told, or not in its place:\n{out}"
    dialling = next(line for line in out.splitlines() if "dialling:" in line)
    assert _minute(dialling, KOLKATA) == _minute(dialling, UTC) + timedelta(hours=5, minutes=30)
    assert "next:" not in out
    assert not any(number in out for number in NUMBERS)


def _minute(line, zone):
    """The time of day of a line's event in that zone: it stands first in the campaign's, then in UTC."""
    times = re.findall(r"\d\d:\d\d:\d\d", line)
    return timedelta(hours=int(times[zone is UTC][:2]), minutes=int(times[zone is UTC][3:5]))


def _has_its_events(installation, run):
    """`show` tells each move with its reason, in order."""
    code, out, _ = installation.callbeat("show", run["run"], "--format", "json")
    shown = json.loads(out)
    assert code == 0
    assert set(shown) == RUN_FIELDS | {"events"}
    assert all(set(event) == EVENT_FIELDS and event["why"] and event["actor"] for event in shown["events"])
    moves = [event["to"] for event in shown["events"] if event["from"] != event["to"]]
    wanted = "opening active creating created scheduling scheduled running finished finished"
    assert " ".join(move for move in moves if move not in ("planned", "ready")) == wanted
    assert [event["at"] for event in shown["events"]] == sorted(event["at"] for event in shown["events"])
    (at_the_provider,) = installation.sandbox.batches(AGENT)
    assert at_the_provider["batch_id"] == shown["batches"][0]["provider_ref"]
    assert at_the_provider["from_phone_numbers"] == ["+12025550199"]
    verified = [event["why"] for event in shown["events"] if "verified: one batch" in event["why"]]
    assert len(verified) == 2


def _tells_every_call(installation, run):
    """The same rows in each form, numbers masked unless they are asked for."""
    calls = installation.json("calls", run)
    assert [list(call) for call in calls] == [CALL_FIELDS] * 8
    assert [call["row"] for call in calls] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [call["variables"]["customer_name"] for call in calls][:2] == ["Asha", "Daniel"]
    assert not any(number in json.dumps(calls) for number in NUMBERS)
    assert all(call["number"].endswith(number[-2:]) for call, number in zip(calls, NUMBERS, strict=True))
    assert all(call["seconds"] and call["cost"] for call in calls if call["outcome"] == "answered")
    assert isinstance(calls[0]["seconds"], int)
    assert isinstance(calls[0]["cost"], str)
    _, lines, _ = installation.callbeat("calls", run, "--format", "jsonl")
    assert [json.loads(line) for line in lines.splitlines()] == calls
    _, table, _ = installation.callbeat("calls", run, "--format", "csv", "--reveal")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["number"].lstrip("'") for row in rows] == NUMBERS
    assert [row["outcome"] for row in rows] == [call["outcome"] for call in calls]
    assert "whole numbers were shown" in installation.whys(run)


def _can_be_scraped(installation):
    """The worker counts what it did, and beat tells how ledger and broker stand."""
    seen, stands = _scraped(installation, "worker"), _scraped(installation, "beat")
    assert seen["callbeat_calls_total", "bolna", "answered"] == 4
    assert seen["callbeat_rows_left_out_total", "excluded", "duplicate"] == 1
    assert seen["callbeat_decisions_total", "run.finished"] == 1
    assert seen["callbeat_start_lateness_seconds_bucket", "bolna", "0.0"] == 1
    assert seen["callbeat_start_after_due_seconds_sum", "bolna"] == 480
    assert seen["callbeat_provider_requests_total", "bolna", "accepted", "create"] == 1
    assert seen["callbeat_tasks_total", "done", "create"] >= 1
    assert not [labels for labels in seen if labels[0] == "callbeat_runs"]
    for process in (seen, stands):
        assert (process["callbeat_ledger_up",], process["callbeat_broker_up",]) == (1, 1)
    assert stands["callbeat_runs", "active"] == 0
    assert stands["callbeat_heartbeat_age_seconds",] < 60
    assert stands["callbeat_beat_step_age_seconds", "sweep"] < 60
    assert 0 < stands["callbeat_budget_left_requests", "bolna"] <= stands["callbeat_budget_limit_requests", "bolna"]
    assert stands["callbeat_queue_messages", "steps"] >= 0


def _scraped(installation, process):
    """Each series by its name and the values of its labels, which come in the order of their names."""
    lines = [line for line in installation.log(process).read_text().splitlines() if "metrics.listening" in line]
    text = httpx.get(json.loads(lines[-1])["address"]).raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}
