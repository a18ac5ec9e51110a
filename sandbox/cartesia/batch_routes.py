"""`/agents/calls/batches`: create, list, read, cancel, retry."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.cartesia import shapes
from sandbox.cartesia.batches import NO_PAUSE, Batch, Recipient
from sandbox.cartesia.callers import Admitted, Caller
from sandbox.cartesia.document import AGENT, CREATE_BODY, PAGE, described, refused
from sandbox.cartesia.instants import read_start
from sandbox.cartesia.orders import lines_of, number_of, read_order, region_of
from sandbox.cartesia.paging import PageWish
from sandbox.cartesia.refusals import bad_request, quota_exceeded
from sandbox.cartesia.shapes import AgentCallBatchRequest
from sandbox.cartesia.stories import Patience
from sandbox.cartesia.views import batch_view, batch_with_recipients, status_of

JUST_BEFORE = timedelta(microseconds=1)
batches = APIRouter(prefix="/agents/calls/batches")


@batches.post(
    "",
    status_code=201,
    response_model=shapes.AgentCallBatch,
    responses=refused(402, 404, 500),
    openapi_extra={**described(), **CREATE_BODY},
)
async def create_batch(request: Request, caller: Admitted) -> JSONResponse:
    order = await read_order(request, caller.switches)
    batch = _accepted(order, caller)
    if caller.switches.quota_exceeded:
        raise quota_exceeded()
    _bewitch(batch, caller)
    caller.book.add(batch)
    # The documented answer has all calls queued, although the first are dialled at this very instant.
    return JSONResponse(batch_view(batch, caller.now - JUST_BEFORE, caller.switches), 201)


def _accepted(order: AgentCallBatchRequest, caller: Caller) -> Batch:
    switches = caller.switches
    number = number_of(order, switches)
    rate = switches.dials_per_second
    timed = "scheduled_at" in order.model_fields_set
    return Batch(
        key=caller.key,
        name=order.name,
        agent=order.agent_id,
        from_number=number,
        recipients=tuple(Recipient(one.to_number, one.metadata) for one in order.recipients),
        created_at=caller.now,
        lines=lines_of(order, switches),
        patience=Patience(order.ringing_timeout_seconds, order.max_call_duration_minutes * 60),
        scheduled_at=read_start(order.scheduled_at, caller.now) if timed else None,
        region=region_of(order, number, caller.version, switches),
        pause=timedelta(seconds=1 / rate) if rate else NO_PAUSE,
    )


def _bewitch(batch: Batch, caller: Caller) -> None:
    """Faults that follow a batch instead of spoiling one answer."""
    fault = caller.fault
    if fault is None:
        return
    if fault.fault == "late_visibility":
        batch.visible_from = caller.now + timedelta(seconds=fault.seconds or 0)
    batch.stuck, batch.fails = fault.fault == "stuck", fault.fault == "failed"


@batches.get(
    "",
    response_model=shapes.AgentCallBatchPage,
    responses=refused(),
    openapi_extra=described(AGENT, *PAGE),
)
async def list_batches(request: Request, caller: Admitted) -> JSONResponse:
    query = request.query_params
    wish = PageWish.of(query, caller.switches.default_limit)
    found = caller.batches_newest_first(query.get("agent_id"))
    page = wish.cut(found, [batch.id for batch in found])
    return JSONResponse(page.shown([batch_view(batch, caller.now, caller.switches) for batch in page.rows]))


@batches.get(
    "/{batch_id}",
    response_model=shapes.AgentCallBatch,
    responses=refused(404),
    openapi_extra=described(),
)
async def read_batch(batch_id: str, caller: Admitted) -> JSONResponse:
    return JSONResponse(batch_with_recipients(caller.batch(batch_id), caller.now, caller.switches))


@batches.post(
    "/{batch_id}/cancel",
    response_model=shapes.AgentCallBatch,
    responses=refused(404),
    openapi_extra=described(),
)
async def cancel_batch(batch_id: str, caller: Admitted) -> JSONResponse:
    batch = caller.batch(batch_id)
    batch.cancel(caller.now)
    return JSONResponse(batch_view(batch, caller.now, caller.switches))


@batches.post(
    "/{batch_id}/retry",
    response_model=shapes.AgentCallBatch,
    responses=refused(404),
    openapi_extra=described(),
)
async def retry_batch(batch_id: str, caller: Admitted) -> JSONResponse:
    batch = caller.batch(batch_id)
    if status_of(batch, caller.now, caller.switches) == "cancelled":
        raise bad_request("A cancelled batch cannot be retried.")
    rows = batch.rows_in("failed", caller.now)
    if not rows and caller.switches.empty_retry == "refuse":
        raise bad_request("The batch has no failed recipients.")
    batch.retry(rows, caller.now)
    return JSONResponse(batch_view(batch, caller.now, caller.switches))
