"""`/v1/api/batch-calls`: create, read, list calls, read one call, cancel."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.trillet import shapes
from sandbox.trillet.batches import TERMINAL, Batch
from sandbox.trillet.callers import Admitted, Caller
from sandbox.trillet.contacts_csv import read_csv
from sandbox.trillet.paging import PARAMETERS, read_wish
from sandbox.trillet.refusals import empty_list, no_such_batch, no_such_call, not_cancellable
from sandbox.trillet.smart_callback import read_callback
from sandbox.trillet.start_time import start_of
from sandbox.trillet.uploads import CREATE_BODY, agent_of, file_of, read_form, text_of
from sandbox.trillet.views import (
    batch_view,
    batch_word,
    cancelled_view,
    flat_view,
    kind_of,
    page_view,
    single_call_view,
)

PATH, ALIAS = "/v1/api/batch-calls", "/v1/batch-calls"
NO: dict[str, Any] = {"model": shapes.Error}
REFUSED: dict[int | str, dict[str, Any]] = {
    400: NO,
    401: NO,
    403: NO,
    429: {"model": shapes.RateLimited},
    500: NO,
}
REFUSED_OR_UNKNOWN: dict[int | str, dict[str, Any]] = {**REFUSED, 404: NO}
batch_calls = APIRouter()


@batch_calls.post(
    "",
    response_model=shapes.Created,
    responses={**REFUSED, 201: {"model": shapes.Created}, 413: NO},
    openapi_extra={"requestBody": CREATE_BODY},
)
async def start_batch(request: Request, caller: Admitted) -> JSONResponse:
    form, switches = await read_form(request), caller.switches
    file_name, content = await file_of(form)
    batch = Batch(
        owner=caller.owner,
        agent=agent_of(form),
        file_name=file_name,
        contacts=read_csv(content, skip_bad_rows=switches.bad_rows == "skip"),
        created_at=caller.now,
        start=start_of(text_of(form, "scheduledAt"), caller.now, switches),
        callback=read_callback(text_of(form, "smartCallbackConfig"), switches),
        lines=switches.concurrency,
        retries_as_new_job=switches.callback_retries_as == "new_job",
    )
    answer = _started(batch, caller)
    _bewitch(batch, caller)
    caller.book.add(batch)
    return JSONResponse(answer, switches.create_status)


def _started(batch: Batch, caller: Caller) -> dict[str, Any]:
    return {
        "batchId": batch.id,
        "totalCalls": len(batch.contacts),
        "status": batch_word(batch, caller.now, caller.switches),
        "message": "Batch calls initiated successfully",
    }


def _bewitch(batch: Batch, caller: Caller) -> None:
    """Faults that follow a batch instead of spoiling one answer."""
    fault = caller.fault
    if fault is None:
        return
    if fault.fault == "late_visibility":
        batch.visible_from = caller.now + timedelta(seconds=fault.seconds or 0)
    batch.doom(stuck=fault.fault == "stuck", fails=fault.fault == "failed")


@batch_calls.get("/{batchId}", response_model=shapes.Batch, responses=REFUSED_OR_UNKNOWN)
async def read_batch(batchId: str, caller: Admitted) -> JSONResponse:
    batch = caller.batch(batchId, message="There is no batch with this id in this workspace")
    return JSONResponse(batch_view(batch, caller.now, caller.switches))


@batch_calls.get("/{batchId}/status", response_model=shapes.FlatProgress, responses=REFUSED_OR_UNKNOWN)
async def read_progress(batchId: str, caller: Admitted) -> JSONResponse:
    batch = caller.find(batchId)
    if batch is None:
        raise no_such_batch(caller.switches.unknown_on_status)
    return JSONResponse(flat_view(batch, caller.now, caller.switches))


@batch_calls.get(
    "/{batchId}/calls",
    response_model=shapes.CallPage,
    responses=REFUSED_OR_UNKNOWN,
    openapi_extra={"parameters": PARAMETERS},
)
async def list_calls(batchId: str, request: Request, caller: Admitted) -> JSONResponse:
    wish = read_wish(request.query_params)
    page = page_view(caller.batch(batchId), wish, caller.now, caller.switches)
    if not page["calls"] and caller.switches.empty_list != 200:
        raise empty_list()
    return JSONResponse(page)


@batch_calls.get("/{batchId}/calls/{jobId}", response_model=shapes.Call, responses=REFUSED_OR_UNKNOWN)
async def read_call(batchId: str, jobId: str, caller: Admitted) -> JSONResponse:
    batch = caller.batch(batchId)
    found = batch.queue.find(jobId, caller.now)
    if found is None or kind_of(found[1].state, caller.switches) is None:
        raise no_such_call(caller.switches.unknown_id)
    return JSONResponse(single_call_view(batch, *found, caller.switches))


@batch_calls.delete(
    "/{batchId}",
    response_model=shapes.Cancelled,
    responses={**REFUSED_OR_UNKNOWN, 202: {"model": shapes.Cancelled}, 409: NO},
)
async def cancel_batch(batchId: str, caller: Admitted) -> JSONResponse:
    # A batch that reads do not show yet can be cancelled all the same.
    batch = caller.book.find(caller.owner, batchId) or caller.batch(batchId, id=batchId)
    _may_be_cancelled(batch, caller)
    batch.cancel(caller.now)
    return JSONResponse(cancelled_view(batch, caller.now, caller.switches), caller.switches.cancel_status)


def _may_be_cancelled(batch: Batch, caller: Caller) -> None:
    status, switches = batch.status(caller.now), caller.switches
    if status not in TERMINAL:
        return
    answer = switches.second_cancel if status == "cancelled" else switches.finished_cancel
    if answer != 200:
        raise not_cancellable(answer, batch.id, status)
