"""`/agents/calls`: every attempt that was dialled; and the phone numbers to dial from."""

import io
import wave
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from sandbox.cartesia import shapes
from sandbox.cartesia.batches import Batch
from sandbox.cartesia.callers import Admitted, Caller
from sandbox.cartesia.document import CALLS, PAGE, described, refused
from sandbox.cartesia.holdings import LISTED, find_number, is_agent
from sandbox.cartesia.instants import read_instant
from sandbox.cartesia.paging import PageWish
from sandbox.cartesia.plan import Attempt
from sandbox.cartesia.refusals import bad_request, not_found
from sandbox.cartesia.views import call_view, number_view

AUDIO = "audio/wav"
calls = APIRouter(prefix="/agents")


@calls.get(
    "/calls",
    response_model=shapes.AgentCallPage,
    responses=refused(404),
    openapi_extra=described(*CALLS, *PAGE),
)
async def list_calls(request: Request, caller: Admitted) -> JSONResponse:
    query = request.query_params
    wish, with_transcript = PageWish.of(query, caller.switches.default_limit), _expands(query)
    within = _window(query)
    found = [one for batch in _batches(query, caller) for one in _calls_of(batch, caller.now, within)]
    found.sort(key=lambda one: one[1].at, reverse=True)
    page = wish.cut(found, [batch.call_id(attempt) for batch, attempt in found])
    views = [
        call_view(batch, attempt, caller.now, caller.switches, transcript=with_transcript)
        for batch, attempt in page.rows
    ]
    return JSONResponse(page.shown(views))


def _expands(query: Mapping[str, str]) -> bool:
    wish = query.get("expand")
    if wish not in (None, "transcript"):
        raise bad_request("expand: only transcript is supported.")
    return wish is not None


def _window(query: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    since, until = (
        read_instant(query[field], field) if field in query else None
        for field in ("start_time_gte", "start_time_lte")
    )
    return since, until


def _batches(query: Mapping[str, str], caller: Caller) -> list[Batch]:
    agent, batch_id = query.get("agent_id"), query.get("batch_id")
    if agent is None and batch_id is None:
        raise bad_request("batch_id or agent_id is required.")
    if agent is not None and not is_agent(agent, caller.switches):
        raise not_found("Agent")
    if batch_id is None:
        return list(caller.batches_newest_first(agent))
    batch = caller.batch(batch_id)
    return [batch] if agent in (None, batch.agent) else []


def _calls_of(
    batch: Batch, now: datetime, within: tuple[datetime | None, datetime | None]
) -> list[tuple[Batch, Attempt]]:
    since, until = within
    return [
        (batch, one)
        for one in reversed(batch.reckoning.dialled(now))
        if (since is None or since <= one.at) and (until is None or one.at <= until)
    ]


@calls.get("/calls/{call_id}", response_model=shapes.AgentCall, responses=refused(404), openapi_extra=described())
async def read_call(call_id: str, caller: Admitted) -> JSONResponse:
    batch, attempt = caller.call(call_id)
    return JSONResponse(call_view(batch, attempt, caller.now, caller.switches, transcript=True))


@calls.post(
    "/calls/{call_id}/cancel",
    response_model=shapes.CallCancelled,
    responses=refused(404, 502),
    openapi_extra=described(),
)
async def cancel_call(call_id: str, caller: Admitted) -> JSONResponse:
    batch, attempt = caller.call(call_id)
    if attempt.call_status(caller.now) != "started":
        raise bad_request("Only calls in the started status can be cancelled.")
    batch.hang_up(attempt, caller.now)
    return JSONResponse({"cancelled": True})


_RECORDED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The recording.", "content": {AUDIO: {"schema": {"type": "string", "format": "binary"}}}},
    **refused(404),
}


@calls.get("/calls/{call_id}/audio", response_class=Response, responses=_RECORDED, openapi_extra=described())
async def read_audio(call_id: str, caller: Admitted) -> Response:
    _, attempt = caller.call(call_id)
    if attempt.answered is None or attempt.ended is None or attempt.ended > caller.now:
        raise not_found("Recording")
    return Response(_silence(), media_type=AUDIO)


def _silence() -> bytes:
    """A tenth of a second of nothing."""
    recording = io.BytesIO()
    with wave.open(recording, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return recording.getvalue()


@calls.get(
    "/phone-numbers", response_model=shapes.PhoneNumberPage, responses=refused(), openapi_extra=described(*PAGE)
)
async def list_numbers(request: Request, caller: Admitted) -> JSONResponse:
    wish = PageWish.of(request.query_params, caller.switches.default_limit)
    known = [number for number in LISTED if find_number(number.id, caller.switches)]
    page = wish.cut(known, [number.id for number in known])
    return JSONResponse({"data": [number_view(number) for number in page.rows], "has_more": page.has_more})
