"""Whatever a generator of requests thinks of, good or bad: each provider keeps to its own OpenAPI document.

schemathesis reads the document as any client would, and asks over HTTP: examples, every bound and every
wrong type once, random data, and chains of requests. Half of all ids are real ones, so that not all answers
are 404. It always asks the same, and leaves nothing behind but the folder of the test.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.contract.sandbox import asking, cartesia_asking, trillet_asking
from tests.contract.sandbox.asking import ending

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
PLAIN = f"""
hooks = {json.dumps(str(HOOKS))}
color = false
warnings = false
continue-on-failure = true

[generation]
deterministic = true
max-examples = 5

[output.truncation]
max-payload-size = 500
"""
ACCEPTED, GONE, NO_500 = "positive_data_acceptance", "use_after_free", "not_a_server_error"


@dataclass(frozen=True)
class Told:
    """What schemathesis cannot know by itself: keys, ids that exist, and checks that cannot hold."""

    headers: dict[str, str]
    known: dict[str, list[str]] = field(default_factory=dict)
    not_checked: dict[str, list[str]] = field(default_factory=dict)  # by operation
    never_checked: list[str] = field(default_factory=list)

    def as_toml(self) -> str:
        lines = [PLAIN, "[headers]", *(f"{name} = {json.dumps(value)}" for name, value in self.headers.items())]
        lines += [f"[dictionaries.{name}]\nvalues = {json.dumps(ids)}" for name, ids in self.known.items()]
        lines += [
            "[parameters]",
            *(f'{name} = {{dictionary = "{name}", probability = 0.5}}' for name in self.known),
        ]
        lines += [f"[checks.{check}]\nenabled = false" for check in self.never_checked]
        for operation, checks in self.not_checked.items():
            lines += ["[[operations]]", f'include-name = "{operation}"']
            lines += [f"checks.{check}.enabled = false" for check in checks]
        return "\n".join(lines) + "\n"


def complaints(document: str, told: Told, folder: Path, *words: str) -> tuple[int, str]:
    """The exit code of schemathesis, 0 when it has none; and all that it printed."""
    settings = folder / "schemathesis.toml"
    settings.write_text(told.as_toml(), encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run", document, *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMATHESIS_")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def _of_bolna(address: str) -> Told:
    one = asking.an_asker(address)
    with one.bolna, one.control:
        # By default times are naive, as in the guide; with this switch date-times, as in the OpenAPI fragment.
        one.switch(rate_limit_per_minute=None, zulu_timestamps=True)
        batches = [
            one.started(*ending(0), *ending(66)),
            *(one.created(*ending(digits)) for digits in (93, 90, 0, 1)),
        ]
        for batch, minute in zip(batches[1:4], (20, 20, 50), strict=True):
            assert one.schedule(batch, f"2026-12-01T12:{minute}:00+00:00").is_success
        one.advance(620)
        calls = [call["id"] for batch in batches for call in one.calls(batch)]
    return Told(
        {"Authorization": "Bearer bn-test"},
        {"batch_id": batches, "execution_id": calls, "agent_id": [asking.AGENT]},
        {
            # Numbers and `retry_config` are texts with a form of their own.
            "POST /batches": [ACCEPTED],
            # The start must lie between two minutes and thirty days from now. A Z is answered 500, as documented.
            "POST /batches/{batch_id}/schedule": [ACCEPTED, NO_500],
            # `from` and `to` are left out together or given together, seven days apart at most.
            "GET /v2/agent/{agent_id}/executions": [ACCEPTED],
            # A call can only be stopped while it waits.
            "POST /call/{execution_id}/stop": [ACCEPTED],
        },
    )


def _of_trillet(address: str) -> Told:
    with trillet_asking.an_asker(address) as one:
        one.switch(rate_limit_per_minute=None)
        batches = [one.created(*ending(digits)) for digits in (0, 93, 66)]
        one.advance(600)
        batches += [one.created(scheduledAt="2026-12-01T13:00:00Z"), one.created()]
        calls = [call["jobId"] for batch in batches for call in one.calls(batch)]
    # `scheduledAt` must end in Z and lie within a year, `smartCallbackConfig` be JSON of a form of its own.
    creates = ["POST /v1/api/batch-calls", "POST /v1/batch-calls"]
    # What is over cannot be cancelled.
    cancels = ["DELETE /v1/api/batch-calls/{batchId}", "DELETE /v1/batch-calls/{batchId}"]
    return Told(
        {"x-api-key": "tr-sandbox", "x-workspace-id": "ws-sandbox"},
        {"batchId": batches, "jobId": calls},
        {operation: [ACCEPTED] for operation in (*creates, *cancels)},
        [GONE],  # DELETE cancels: what was deleted is still there to be read
    )


def _of_cartesia(address: str) -> Told:
    with cartesia_asking.a_client(address) as one:
        batches = [one.created(*ending(digits)) for digits in (0, 93, 66)]
        one.advance(600)
        batches += [one.created(scheduled_at="2026-12-01T13:00:00Z"), one.created(*ending(97))]
        calls = [call["id"] for batch in batches for call in one.calls(batch_id=batch)]
    return Told(
        {"Authorization": f"Bearer {cartesia_asking.KEY}"},
        {"batch_id": batches, "call_id": calls, "agent_id": [cartesia_asking.AGENT]},
        {
            # Of two cursors only one may be given, and it must be the id of a row.
            "GET /agents/calls/batches": [ACCEPTED],
            "GET /agents/phone-numbers": [ACCEPTED],
            # The same; and one of `batch_id` and `agent_id` must be given.
            "GET /agents/calls": [ACCEPTED],
            # `scheduled_at` and the organization have bounds, `region` is of the newer version, 70.0 is no integer.
            "POST /agents/calls/batches": [ACCEPTED],
            # A cancelled batch cannot be retried.
            "POST /agents/calls/batches/{batch_id}/retry": [ACCEPTED],
            # Only a live call can be cancelled.
            "POST /agents/calls/{call_id}/cancel": [ACCEPTED],
        },
    )


OF = {"bolna": _of_bolna, "trillet": _of_trillet, "cartesia": _of_cartesia}


@pytest.mark.parametrize("provider", OF)
def test_schemathesis_finds_nothing(address, asker, provider, tmp_path):
    """A client made from the document meets no status, header or shape that the document does not have."""
    code, said = complaints(f"{address}/{provider}/openapi.json", OF[provider](address), tmp_path)
    assert (code, "No issues found" in said) == (0, True), said
    requests = asker.control.get("/requests", params={"provider": provider}).json()
    statuses = {request["status"] for request in requests}
    assert statuses >= {400, 401, 404, 405}, "wrong data was sent"
    assert statuses & {200, 201}, "right data was sent"


@contextmanager
def _answers_all(status: int, document: bytes) -> Iterator[str]:
    """A server that has this document, and one wrong answer whatever is asked."""

    class Stubborn(BaseHTTPRequestHandler):
        def answer(self) -> None:
            is_document = self.path.endswith("/openapi.json")
            body = document if is_document else b'{"calls": "many"}'
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200 if is_document else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_QUERY = answer

        def log_message(self, *_words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stubborn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


WRONG_SHAPE, WRONG_DATA, NO_KEY, NO_HEADER, WRONG_METHOD = "ST108", "ST201", "ST401", "ST203", "ST204"
RIGHT_DATA_REFUSED, BROKEN, UNDOCUMENTED = "ST202", "ST101", "ST103"


@pytest.mark.parametrize(
    ("status", "phase", "found"),
    [
        (200, "coverage", {WRONG_SHAPE, WRONG_DATA, NO_KEY, NO_HEADER, WRONG_METHOD}),
        (418, "fuzzing", {UNDOCUMENTED, RIGHT_DATA_REFUSED}),
        (500, "fuzzing", {BROKEN, WRONG_SHAPE}),
    ],
)
def test_schemathesis_would_complain(address, asker, tmp_path, status, phase, found):
    """What finds nothing must be able to find something: each kind of wrong answer is named."""
    document = httpx.get(f"{address}/trillet/openapi.json", verify=False).content
    told = Told({"x-api-key": "tr-sandbox", "x-workspace-id": "ws-sandbox"})
    one = ("--include-name", "GET /v1/api/batch-calls/{batchId}/calls", "--phases", phase)
    with _answers_all(status, document) as where:
        code, said = complaints(f"{where}/trillet/openapi.json", told, tmp_path, *one)
    assert code == 1
    assert found <= set(re.findall(r"\bST\d+\b", said)), said
