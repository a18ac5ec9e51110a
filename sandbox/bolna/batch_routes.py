"""`/batches`: create, schedule, stop, read, list, delete."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.bolna import shapes
from sandbox.bolna.batches import Batch
from sandbox.bolna.callers import Admitted, AgentId, Caller
from sandbox.bolna.contacts_csv import read_csv
from sandbox.bolna.refusals import bad_request, missing, nothing_to_stop
from sandbox.bolna.retry_config import read_retry_config
from sandbox.bolna.start_time import start_of
from sandbox.bolna.uploads import (
    CREATE_BODY,
    MULTIPART,
    SCHEDULE_BODY,
    URLENCODED,
    agent_of,
    file_of,
    from_numbers_of,
    read_form,
    text_of,
    truth_of,
    webhook_of,
)
from sandbox.bolna.views import batch_view, execution_view

NO: dict[str, Any] = {"model": shapes.Error}
REFUSED: dict[int | str, dict[str, Any]] = {400: NO, 401: NO, 429: NO}
REFUSED_OR_UNKNOWN: dict[int | str, dict[str, Any]] = {**REFUSED, 404: NO}
batches = APIRouter(prefix="/batches")


@batches.post(
    "",
    status_code=201,
    response_model=shapes.Created,
    responses={**REFUSED, 200: {"model": shapes.Created}},
    openapi_extra={"requestBody": CREATE_BODY},
)
async def create_batch(request: Request, caller: Admitted) -> JSONResponse:
    form = await read_form(request, (MULTIPART,))
    agent = agent_of(text_of(form, "agent_id"))
    file_name, content = await file_of(form)
    truth_of(form, "bypass_call_guardrails")  # one client sends it here too; it is read, and means nothing
    batch = Batch(
        key=caller.key,
        agent=agent,
        file_name=file_name,
        upload=read_csv(content),
        created_at=caller.now,
        from_numbers=from_numbers_of(form),
        retries=read_retry_config(text_of(form, "retry_config")),
        webhook_url=webhook_of(text_of(form, "webhook_url")),
        lines=caller.switches.concurrency,
    )
    _bewitch(batch, caller)
    caller.book.add(batch)
    return JSONResponse({"batch_id": batch.id, "state": "created"}, caller.switches.create_status)


def _bewitch(batch: Batch, caller: Caller) -> None:
    """Faults that follow a batch instead of spoiling one answer."""
    fault = caller.fault
    if fault is None:
        return
    if fault.fault == "late_visibility":
        batch.visible_from = caller.now + timedelta(seconds=fault.seconds or 0)
    batch.doom(stuck=fault.fault == "stuck", fails=fault.fault == "failed")


@batches.post(
    "/{batch_id}/schedule",
    response_model=shapes.Done,
    responses={**REFUSED_OR_UNKNOWN, 500: NO},
    openapi_extra={"requestBody": SCHEDULE_BODY},
)
async def schedule_batch(batch_id: str, request: Request, caller: Admitted) -> JSONResponse:
    form = await read_form(request, (MULTIPART, URLENCODED))
    batch = caller.batch(batch_id)
    asked = text_of(form, "scheduled_at")
    if not asked or not asked.strip():
        raise missing("scheduled_at")
    bypass = truth_of(form, "bypass_call_guardrails")
    start = start_of(asked, caller.now)
    _may_be_scheduled(batch, caller)
    _bewitch(batch, caller)
    batch.schedule(start, caller.now, bypass_guardrails=bypass)
    full = caller.switches.schedule_state == "scheduled at"
    state = f"scheduled at {start.isoformat()}" if full else "scheduled"
    return JSONResponse({"message": "success", "state": state})


def _may_be_scheduled(batch: Batch, caller: Caller) -> None:
    status = batch.status(caller.now)
    if status == "created" or (status == "scheduled" and caller.switches.reschedule == "allow"):
        return
    if status == "scheduled":
        raise bad_request("Batch is already scheduled")
    raise bad_request(f"Batch is {status} and cannot be scheduled")


@batches.post(
    "/{batch_id}/stop",
    response_model=shapes.Done,
    responses={**REFUSED, 404: {"model": shapes.NotStoppable | shapes.Error}},
)
async def stop_batch(batch_id: str, caller: Admitted) -> JSONResponse:
    batch = caller.batch(batch_id)
    stoppable = {"queued", "running"} | ({"scheduled"} if caller.switches.stop_on_scheduled else set())
    if batch.status(caller.now) not in stoppable:
        raise nothing_to_stop()
    batch.stop(caller.now)
    return JSONResponse({"message": "success", "state": "stopped"})


@batches.get("/{batch_id}", response_model=shapes.Batch, responses=REFUSED_OR_UNKNOWN)
async def read_batch(batch_id: str, caller: Admitted) -> JSONResponse:
    return JSONResponse(batch_view(caller.batch(batch_id), caller.now, caller.switches))


@batches.get("/{batch_id}/executions", response_model=list[shapes.Execution], responses=REFUSED_OR_UNKNOWN)
async def list_batch_calls(batch_id: str, caller: Admitted) -> JSONResponse:
    batch = caller.batch(batch_id)
    rows = range(len(batch.upload.contacts))
    return JSONResponse([execution_view(batch, row, caller.now, caller.switches) for row in rows])


@batches.get("/{agent_id}/all", response_model=list[shapes.Batch], responses=REFUSED)
async def list_batches(agent_id: AgentId, caller: Admitted) -> JSONResponse:
    found = caller.batches_of(agent_of(agent_id))
    return JSONResponse([batch_view(batch, caller.now, caller.switches) for batch in found])


@batches.delete("/{batch_id}", response_model=shapes.Done, responses=REFUSED_OR_UNKNOWN)
async def delete_batch(batch_id: str, caller: Admitted) -> JSONResponse:
    caller.batch(batch_id).delete(caller.now)
    return JSONResponse({"message": "success", "state": "deleted"})
