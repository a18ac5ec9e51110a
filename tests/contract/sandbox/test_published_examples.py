"""The providers' published examples work against the sandbox, unchanged but for the host and the file.

They run as a reader would run them: real curl in a real shell, real Python with requests, real Node; on a clock
that stands a little before the instants that the examples name, because those lie in the past by now.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.contract.sandbox import asking, cartesia_asking, trillet_asking
from tests.contract.sandbox import trillet_examples as examples
from tests.contract.sandbox.asking import AGENT, a_process

SHELL = shutil.which("sh") if shutil.which("curl") else None
NODE = shutil.which("node")
with_curl = pytest.mark.skipif(SHELL is None, reason="there is no curl on this machine to run the examples with")
with_node = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine to run the example with")

ORIGIN = datetime.fromisoformat("2024-01-15T14:00:00+00:00")
ANSWERED, NEVER_ANSWERED = "+14155550100", "+14155550166"


@pytest.fixture(scope="module")
def earlier():
    """A sandbox whose clock stands half an hour before the start that Trillet's examples name."""
    with a_process(CALLBEAT_CLOCK__ORIGIN=ORIGIN.isoformat(), CALLBEAT_CLOCK__SPEED="0") as (_process, where):
        yield where


@pytest.fixture
def trillet(earlier):
    with trillet_asking.an_asker(earlier, "YOUR_API_KEY", "YOUR_WORKSPACE_ID") as one:
        one.reset()
        yield one


def in_june_2026(control):
    """When the other two providers' samples lie just ahead: it is 15 June 2026, 15:00 UTC."""
    control.post("/reset").raise_for_status()
    later = datetime.fromisoformat("2026-06-15T15:00:00+00:00") - ORIGIN
    control.post("/clock", json={"advance_seconds": later / timedelta(seconds=1)}).raise_for_status()


@pytest.fixture
def bolna(earlier):
    one = asking.an_asker(earlier, key="bn-xxxx")
    with one.bolna, one.control:
        in_june_2026(one.control)
        yield one


@pytest.fixture
def cartesia(earlier):
    with cartesia_asking.a_client(earlier, key="sk_car_xxxx") as one:
        in_june_2026(one.control)
        yield one


def run(folder, *command, **variables):
    """The example's own output; it must end well."""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def the_file(folder):
    """With the columns that Trillet's page names, and one of one's own."""
    rows = [f"{number},Ada,Lovelace,ada@example.com,gold" for number in (ANSWERED, NEVER_ANSWERED)]
    head = "phone_number,first_name,last_name,email,plan"
    (folder / "batch-calls.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def here(example, address):
    return example.replace("https://api.trillet.ai", f"{address}/trillet")


def days_dialled(trillet):
    """The days of January on which each of the two was rung, long after everything is over."""
    trillet.advance(30 * 86_400)
    dials = trillet.dials()
    assert {(dial["agent"], dial["label"]) for dial in dials} == {("agent_123456", "batch-calls.csv")}
    return [
        [int(dial["at"][8:10]) for dial in dials if dial["number"] == one] for one in (ANSWERED, NEVER_ANSWERED)
    ]


def begins_at_the_named_instant(trillet):
    """Nobody is rung a second before it, and everybody at it."""
    assert trillet.dials() == []
    trillet.advance(30 * 60 - 1)
    assert trillet.dials() == []
    trillet.advance(1)
    return [dial["at"] for dial in trillet.dials()] == ["2024-01-15T14:30:00+00:00"] * 2


@with_curl
@pytest.mark.parametrize("example", [examples.BASIC, examples.VERBOSE], ids=["basic", "verbose"])
def test_trillets_basic_curl_example_dials_at_once(earlier, trillet, tmp_path, example):
    """What a reader tries first: two calls, now, and none of them twice."""
    the_file(tmp_path)
    told = json.loads(run(tmp_path, SHELL, "-c", here(example, earlier)))
    assert told.keys() == {"batchId", "totalCalls", "status", "message"}
    assert (told["totalCalls"], told["status"]) == (2, "queued")
    assert [dial["at"] for dial in trillet.dials()] == ["2024-01-15T14:00:00+00:00"] * 2
    assert trillet.calls(told["batchId"])[0]["metadata"]["plan"] == "gold"
    assert days_dialled(trillet) == [[15], [15]]
    assert trillet.read(told["batchId"])["status"] == "completed"


@with_curl
@pytest.mark.parametrize(
    ("example", "days"),
    [(examples.SCHEDULED, [15, 16, 17]), (examples.TWO_GAPS, [15, 16, 18, 20, 22])],
    ids=["one gap", "two gaps"],
)
def test_trillets_scheduled_curl_examples_wait_and_call_back(earlier, trillet, tmp_path, example, days):
    """Start, attempts and gaps are understood as they are written, through the shell's quotes."""
    the_file(tmp_path)
    told = json.loads(run(tmp_path, SHELL, "-c", here(example, earlier)))
    assert told["totalCalls"] == 2
    assert begins_at_the_named_instant(trillet)
    assert days_dialled(trillet) == [[15], days]


def test_trillets_python_example_waits_and_calls_back(earlier, trillet, tmp_path):
    """A process of its own with the real requests library, which writes its own kind of form."""
    the_file(tmp_path)
    said = run(tmp_path, sys.executable, "-c", here(examples.PYTHON, earlier))
    assert "'totalCalls': 2" in said
    assert begins_at_the_named_instant(trillet)
    assert days_dialled(trillet) == [[15], [15, 16, 17]]


@with_node
def test_trillets_javascript_example_waits_and_calls_back(earlier, trillet, tmp_path):
    """Node, the example and the wire are real; the form-data and axios it requires are stand-ins of a few lines.

    They write what those libraries are known to write: the form as a stream, in chunks, its texts without a type.
    Node allows no `await` at the top of such a file, so the example stands inside an async function.
    """
    the_file(tmp_path)
    for name, source in {"form-data": examples.FORM_DATA, "axios": examples.AXIOS}.items():
        (tmp_path / "node_modules" / name).mkdir(parents=True)
        (tmp_path / "node_modules" / name / "index.js").write_text(source, encoding="utf-8")
    example = here(examples.JAVASCRIPT, earlier) + "console.log(JSON.stringify(response.data));"
    (tmp_path / "example.js").write_text(f"(async () => {{\n{example}\n}})();", encoding="utf-8")
    told = json.loads(run(tmp_path, NODE, "example.js"))
    assert (told["totalCalls"], told["status"]) == (2, "queued")
    assert begins_at_the_named_instant(trillet)
    assert days_dialled(trillet) == [[15], [15, 16, 18]]


EXPORTS = {"BOLNA_API_KEY": "bn-xxxx", "BOLNA_AGENT_ID": AGENT}
KEY = '-H "Authorization: Bearer $BOLNA_API_KEY"'


def curl_at_bolna(folder, address, words):
    command = words.replace("https://api.bolna.ai", f"{address}/bolna")
    return json.loads(run(folder, SHELL, "-c", f"curl {command} {KEY}", **EXPORTS))


@with_curl
def test_bolnas_quickstart_goes_through_with_plain_curl(earlier, bolna, tmp_path):
    """Create, schedule, poll, calls, list, stop, delete: the flow of the page, the requests of the reference."""
    file = "contact_number,customer_name,appointment_day\n{},Ada,Monday\n{},Grace,Tuesday\n"
    (tmp_path / "batch.csv").write_text(file.format(ANSWERED, NEVER_ANSWERED), encoding="utf-8")
    curl = partial(curl_at_bolna, tmp_path, earlier)
    form = '-F "agent_id=$BOLNA_AGENT_ID" -F "file=@batch.csv" -F "from_phone_numbers=+919876543210"'
    created = curl(f"-X POST https://api.bolna.ai/batches {form}")
    batch = created["batch_id"]
    assert (created, len(batch)) == ({"batch_id": batch, "state": "created"}, 32)
    bolna.advance(3600)
    assert bolna.dials() == [], "a batch that is only created calls no one"

    at = '-F "scheduled_at=2026-06-15T18:02:00+00:00"'
    scheduled = curl(f"-X POST https://api.bolna.ai/batches/{batch}/schedule {at}")
    assert scheduled == {"message": "success", "state": "scheduled at 2026-06-15T18:10:00+00:00"}
    one, calls = f"https://api.bolna.ai/batches/{batch}", f"https://api.bolna.ai/batches/{batch}/executions"
    assert (curl(one)["status"], curl(one)["valid_contacts"]) == ("scheduled", 2)
    assert {call["status"] for call in curl(calls)} == {"prepared"}

    bolna.advance(2 * 3600 + 10 * 60 + 5)
    assert [dial["at"] for dial in bolna.dials()] == ["2026-06-15T18:10:00+00:00"] * 2
    assert curl(one)["status"] == "running"
    bolna.advance(600)
    assert (curl(one)["status"], curl(one)["execution_status"]) == ("completed", {"completed": 1, "no-answer": 1})
    assert curl(calls)[0]["context_details"]["recipient_data"] == {
        "customer_name": "Ada",
        "appointment_day": "Monday",
    }
    assert [row["batch_id"] for row in curl('"https://api.bolna.ai/batches/$BOLNA_AGENT_ID/all"')] == [batch]
    assert curl(f"-X POST {one}/stop") == {"message": "Batch is not queued or running"}
    assert curl(f"-X DELETE {one}") == {"message": "success", "state": "deleted"}
    assert curl('"https://api.bolna.ai/batches/$BOLNA_AGENT_ID/all"') == []
    assert len(bolna.dials()) == 2


@with_curl
def test_bolnas_traps_are_met_by_plain_curl_too(earlier, bolna, tmp_path):
    """The two rules that the page calls not obvious: no Z, and at least two minutes ahead."""
    batch = bolna.created()
    for at, status, message in (
        ("2026-06-15T18:02:00Z", 500, "Internal server error"),
        ("2026-06-15T15:01:59+00:00", 400, "Scheduled time should be atleast 2 minutes in the future"),
    ):
        words = f'-X POST https://api.bolna.ai/batches/{batch}/schedule -F "scheduled_at={at}"'
        assert curl_at_bolna(tmp_path, earlier, words) == {"error": status, "message": message}
    assert bolna.read(batch)["status"] == "created"


@with_curl
def test_bolnas_stop_ends_a_running_batch(earlier, bolna, tmp_path):
    """The first of the page's ways to manage a batch: ten lines are busy, the rest is never dialled."""
    batch = bolna.created(*asking.ending(97, 12))
    assert bolna.schedule(batch, "2026-06-15T15:10:00+00:00").is_success
    bolna.advance(605)
    stopped = curl_at_bolna(tmp_path, earlier, f"-X POST https://api.bolna.ai/batches/{batch}/stop")
    assert stopped == {"message": "success", "state": "stopped"}
    bolna.advance(86_400)
    assert (len(bolna.dials()), bolna.read(batch)["status"]) == (10, "stopped")


CARTESIA_CREATE = """
curl -X POST https://api.cartesia.ai/agents/calls/batches \\
  -H "Authorization: Bearer sk_car_xxxx" \\
  -H "Cartesia-Version: 2026-03-01" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "March outreach",
    "agent_id": "agent_123",
    "from_number_id": "ap_123",
    "recipients": [
      {"to_number": "+14155559876", "metadata": {"customer_name": "Ada"}},
      {"to_number": "+14155550100"}
    ],
    "ringing_timeout_seconds": 30,
    "scheduled_at": "2026-06-15T16:00:00Z"
  }'
"""


def create_at_cartesia(folder, address):
    return json.loads(
        run(folder, SHELL, "-c", CARTESIA_CREATE.replace("https://api.cartesia.ai", f"{address}/cartesia"))
    )


@with_curl
def test_cartesias_request_waits_for_its_start(earlier, cartesia, tmp_path):
    """All that the reference names, with its own sample instant: nobody is rung before it, and all at it."""
    batch = create_at_cartesia(tmp_path, earlier)
    assert (batch["status"], batch["total_calls_scheduled"]) == ("pending", 2)
    assert batch["scheduled_at"].startswith("2026-06-15T16:00:00")
    cartesia.advance(3599)
    assert cartesia.dials() == []
    cartesia.advance(1)
    assert [dial["at"] for dial in cartesia.dials()] == ["2026-06-15T16:00:00+00:00"] * 2
    cartesia.advance(600)
    assert cartesia.counters(batch["id"]) == ("completed", 2, 2)
    ada, other = cartesia.recipients(batch["id"])
    assert (ada["end_reason"], ada["metadata"]) == ("dial_failed", {"customer_name": "Ada"})
    assert other["status"] == "completed"
    assert len(cartesia.dials()) == 2


@with_curl
def test_cartesias_request_is_refused_once_its_start_has_gone_by(earlier, cartesia, tmp_path):
    """Copied a year later, the sample must not dial at once: its start must be in the future."""
    cartesia.advance(2 * 3600)
    refusal = create_at_cartesia(tmp_path, earlier)
    assert (refusal["title"], refusal["message"].partition(":")[0]) == ("Bad Request", "scheduled_at")
    assert (cartesia.dials(), cartesia.listed()) == ([], [])
