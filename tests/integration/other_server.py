"""A second pretended Bolna, written anew from the documents: what works only with our own sandbox fails here.

It answers 200 to a create, says the bare word `scheduled`, and loses answers or hides batches on request.
"""

import csv
import io
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

QUEUED_FOR, TALK = timedelta(seconds=5), timedelta(seconds=60)
Json = dict[str, Any]


@dataclass
class Batch:
    agent: str
    file_name: str
    contacts: list[dict[str, str]]
    created: datetime
    start: datetime | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def status(self, now: datetime) -> str:
        if self.start is None:
            return "created"
        if now < self.start:
            return "scheduled"
        if now < self.start + QUEUED_FOR:
            return "queued"
        return "running" if now < self.start + TALK else "completed"

    def shown(self, now: datetime) -> Json:
        return {
            "batch_id": self.id,
            "created_at": self.created.isoformat(),
            "updated_at": now.isoformat(),
            "status": self.status(now),
            "scheduled_at": self.start.isoformat() if self.start else None,
            "file_name": self.file_name,
            "valid_contacts": len(self.contacts),
            "total_contacts": len(self.contacts),
        }

    def executions(self, now: datetime) -> list[Json]:
        word = {"running": "in-progress", "completed": "completed"}.get(self.status(now), "queued")
        return [
            {
                "id": str(uuid.uuid5(uuid.UUID(self.id), str(place))),
                "batch_id": self.id,
                "status": word,
                "conversation_duration": 41.5 if word == "completed" else None,
                "total_cost": 3.2 if word == "completed" else None,
                "telephony_data": {"to_number": contact["contact_number"]},
                "context_details": {"recipient_data": {k: v for k, v in contact.items() if k != "contact_number"}},
            }
            for place, contact in enumerate(self.contacts)
        ]


class OtherServer:
    """The provider at work. `now` may be set to an installation's clock."""

    def __init__(self) -> None:
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.batches: list[Batch] = []
        self.deleted: list[Batch] = []
        self.creates_to_lose = self.schedules_to_lose = self.schedules_to_ignore = 0
        self.hidden_for = timedelta(0)  # how long a new batch is missing from lists
        self.lock = threading.Lock()
        server = self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.base_url = f"http://127.0.0.1:{server.server_address[1]}/api"
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def dialled(self) -> list[str]:
        """Whom it has called, once for each call."""
        begun = [batch for batch in [*self.batches, *self.deleted] if batch.start and batch.start <= self.now()]
        return sorted(contact["contact_number"] for batch in begun for contact in batch.contacts)

    def find(self, batch_id: str) -> Batch | None:
        return next((batch for batch in self.batches if batch.id == batch_id), None)

    def create(self, form: dict[str, str], file_name: str) -> tuple[int, Any]:
        contacts = list(csv.DictReader(io.StringIO(form["file"])))
        self.batches.append(Batch(form["agent_id"], file_name, contacts, self.now()))
        self.creates_to_lose -= 1
        if self.creates_to_lose >= 0:
            return 0, None
        return 200, {"batch_id": self.batches[-1].id, "state": "created"}

    def schedule(self, batch: Batch, form: dict[str, str]) -> tuple[int, Any]:
        asked = datetime.fromisoformat(form["scheduled_at"]).astimezone(UTC)
        if asked < self.now() + timedelta(minutes=2):
            words = "Scheduled time should be atleast 2 minutes in the future"
            return 400, {"error": 400, "message": words}
        self.schedules_to_ignore -= 1
        if self.schedules_to_ignore >= 0:
            return 0, None
        assert batch.start is None, "a batch was scheduled twice"
        batch.start = asked + (datetime(2000, 1, 1, tzinfo=UTC) - asked) % timedelta(minutes=10)
        self.schedules_to_lose -= 1
        return (0, None) if self.schedules_to_lose >= 0 else (200, {"message": "success", "state": "scheduled"})

    def delete(self, batch: Batch) -> tuple[int, Any]:
        self.batches.remove(batch)
        self.deleted.append(batch)
        if batch.start and batch.start > self.now():
            batch.start = None
        return 200, {"message": "success", "state": "deleted"}

    def listed(self, agent: str) -> list[Json]:
        now = self.now()
        seen = [b for b in self.batches if b.agent == agent and now >= b.created + self.hidden_for]
        return [batch.shown(now) for batch in seen]


def _form(headers: Any, body: bytes) -> tuple[dict[str, str], str]:
    message = message_from_bytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
    parts = message.get_payload() if message.is_multipart() else []
    form = {p.get_param("name", header="content-disposition"): p.get_payload(decode=True).decode() for p in parts}
    return form, next((part.get_filename() for part in parts if part.get_filename()), "")


def _handler(server: OtherServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """The tests' output is not the place."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(server.now(), usegmt=True)

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with server.lock:
                status, content = self.decide(self.path.split("/")[2:], body)
            if not status:
                self.close_connection = True
                return
            told = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_DELETE = answer

        def decide(self, path: list[str], body: bytes) -> tuple[int, Any]:
            batch = server.find(path[1]) if len(path) > 1 else None
            match self.command, path:
                case "POST", ["batches"]:
                    return server.create(*_form(self.headers, body))
                case "GET", ["batches", agent, "all"]:
                    return 200, server.listed(agent)
                case _ if batch is None:
                    return 404, {"error": 404, "message": "Batch not found"}
                case "POST", [_, _, "schedule"]:
                    return server.schedule(batch, _form(self.headers, body)[0])
                case "GET", [_, _, "executions"]:
                    return 200, batch.executions(server.now())
                case "DELETE", [_, _]:
                    return server.delete(batch)
                case "GET", [_, _]:
                    return 200, batch.shown(server.now())
            return 404, {"message": "Batch is not queued or running"}

    return Handler
