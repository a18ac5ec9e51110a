"""Single calls, an agent's calls by the page, and the account itself."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from sandbox.bolna import shapes
from sandbox.bolna.batch_routes import REFUSED, REFUSED_OR_UNKNOWN
from sandbox.bolna.batches import LIVE
from sandbox.bolna.callers import Admitted, AgentId, Caller
from sandbox.bolna.refusals import bad_request
from sandbox.bolna.start_time import read_instant
from sandbox.bolna.uploads import agent_of
from sandbox.bolna.views import execution_view

LAST_PAGE, LARGEST_PAGE = 999_999, 50
LONGEST_WINDOW = timedelta(days=7)
STOPPABLE = frozenset({"queued", "scheduled", "rescheduled"})
calls = APIRouter()


def _whole_number(default: int, largest: int) -> Any:
    """A query that is read as a text, and documented as the number that it has to be."""
    told = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return Query(default_factory=lambda: str(default), json_schema_extra=told)


@calls.get("/executions/{execution_id}", response_model=shapes.Execution, responses=REFUSED_OR_UNKNOWN)
async def read_call(execution_id: str, caller: Admitted) -> JSONResponse:
    batch, row = caller.call(execution_id)
    return JSONResponse(execution_view(batch, row, caller.now, caller.switches))


@calls.post("/call/{execution_id}/stop", response_model=shapes.CallStopped, responses=REFUSED_OR_UNKNOWN)
async def stop_call(execution_id: str, caller: Admitted) -> JSONResponse:
    batch, row = caller.call(execution_id)
    if row not in batch.rows_in(STOPPABLE, caller.now):
        raise bad_request("Only queued or scheduled calls can be stopped")
    batch.halt_calls([row], caller.now)
    return JSONResponse({"message": "done", "status": "stopped", "execution_id": batch.call_ids[row]})


@calls.post("/v2/agent/{agent_id}/stop", response_model=shapes.AgentStopped, responses=REFUSED)
async def stop_agent_calls(agent_id: AgentId, caller: Admitted) -> JSONResponse:
    stopped: list[str] = []
    for batch in caller.book.of_agent(caller.key, agent_of(agent_id)):
        rows = batch.rows_in(STOPPABLE, caller.now)
        batch.halt_calls(rows, caller.now)
        stopped += [batch.call_ids[row] for row in rows]
    return JSONResponse({"stopped_executions": stopped})


@dataclass
class PageWish:
    """The query of a paged list, as texts: what is wrong with it is said in Bolna's own form."""

    page_number: Annotated[str, _whole_number(1, LAST_PAGE)]
    page_size: Annotated[str, _whole_number(20, LARGEST_PAGE)]
    batch_id: str | None = None
    status: str | None = None
    call_type: str | None = None
    provider: str | None = None
    answered_by_voice_mail: str | None = None
    since: Annotated[str | None, Query(alias="from")] = None
    until: Annotated[str | None, Query(alias="to")] = None

    def page(self) -> tuple[int, int]:
        number, size = _whole(self.page_number, "page_number"), _whole(self.page_size, "page_size")
        if size > LARGEST_PAGE:
            raise bad_request(f"page_size must be at most {LARGEST_PAGE}")
        return number, size

    def window(self, required: bool) -> tuple[datetime, datetime] | None:
        if not self.since and not self.until and not required:
            return None
        if not self.since or not self.until:
            raise bad_request("from and to are both required")
        since, until = read_instant(self.since), read_instant(self.until)
        if not timedelta() <= until - since <= LONGEST_WINDOW:
            raise bad_request("from and to must be at most 7 days apart")
        return since, until

    def wants(self, call: dict[str, Any]) -> bool:
        told = (
            (self.batch_id and self.batch_id.replace("-", "").lower(), call["batch_id"]),
            (self.status, call["status"]),
            (self.call_type, call["telephony_data"]["call_type"]),
            (self.provider, call["telephony_data"]["provider"]),
            (self.answered_by_voice_mail, str(call["answered_by_voice_mail"]).lower()),
        )
        return all(wish in (None, found) for wish, found in told)


def _whole(text: str, field: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < 1:
        raise bad_request(f"{field} must be a whole number from 1")
    return int(text)


def _calls_between(
    caller: Caller, agent: str, window: tuple[datetime, datetime] | None
) -> Iterator[dict[str, Any]]:
    for batch in caller.batches_of(agent):
        if window is None or window[0] <= batch.created_at <= window[1]:
            for row in range(len(batch.upload.contacts)):
                yield execution_view(batch, row, caller.now, caller.switches)


@calls.get(
    "/v2/agent/{agent_id}/executions",
    response_model=shapes.ExecutionPage,
    responses=REFUSED,
)
async def page_agent_calls(
    agent_id: AgentId, wish: Annotated[PageWish, Depends()], caller: Admitted
) -> JSONResponse:
    agent, (number, size) = agent_of(agent_id), wish.page()
    window = wish.window(caller.switches.window_required)
    found = [call for call in _calls_between(caller, agent, window) if wish.wants(call)]
    first = (number - 1) * size
    page = {"page_number": number, "page_size": size, "total": len(found)}
    rows = found[first : first + size]
    return JSONResponse({**page, "has_more": first + size < len(found), "data": rows})


@calls.get("/user/me", response_model=shapes.Me, responses=REFUSED)
async def read_me(caller: Admitted) -> JSONResponse:
    live = sum(len(batch.rows_in(LIVE, caller.now)) for batch in caller.book.of_key(caller.key))
    return JSONResponse(
        {
            "id": hashlib.sha256(caller.key.encode()).hexdigest()[:32],
            "name": "Pretended account",
            "email": "nobody@example.com",
            "wallet": caller.switches.wallet,
            "concurrency": {"max": caller.switches.concurrency, "current": live},
        }
    )
