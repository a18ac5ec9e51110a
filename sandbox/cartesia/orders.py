"""Reading what a client sends to create a batch: the first thing wrong with it refuses the whole request."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import Request
from pydantic import ValidationError

from sandbox.cartesia.holdings import PhoneNumber, find_number, is_agent
from sandbox.cartesia.refusals import bad_request, not_found
from sandbox.cartesia.shapes import AgentCallBatchRequest
from sandbox.cartesia.switches import Switches

JSON = "application/json"
NEWEST_VERSION = "2026-08-14"


async def read_order(request: Request, switches: Switches) -> AgentCallBatchRequest:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != JSON:
        raise bad_request(f"Content-Type must be {JSON}.")
    extra: Literal["forbid", "ignore"] = "forbid" if switches.unknown_fields == "refuse" else "ignore"
    try:
        order = AgentCallBatchRequest.model_validate_json(await request.body(), extra=extra)
    except ValidationError as error:
        raise bad_request(_in_words(error)) from error
    _fits(order, switches)
    return order


def _in_words(error: ValidationError) -> str:
    """The first problem, named by its field; a recipient by its index."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    return f"{place}: {first['msg']}." if place else f"Invalid request body: {first['msg']}."


def _fits(order: AgentCallBatchRequest, switches: Switches) -> None:
    """What a schema cannot say."""
    if len(order.recipients) > switches.recipient_limit:
        raise bad_request(f"recipients: at most {switches.recipient_limit} are allowed.")
    for index, recipient in enumerate(order.recipients):
        if recipient.metadata and not _small(recipient.metadata, switches.metadata_limit_bytes):
            raise bad_request(f"recipients[{index}].metadata: is oversized or not plain JSON.")


def _small(metadata: Mapping[str, Any], limit: int) -> bool:
    try:
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return len(text.encode()) <= limit
    except ValueError:  # NaN and Infinity are no JSON, nor is 1e999
        return False


def lines_of(order: AgentCallBatchRequest, switches: Switches) -> int:
    if "target_concurrency_limit" not in order.model_fields_set:
        return max(1, switches.organization_concurrency // 2)
    if order.target_concurrency_limit > switches.organization_concurrency:
        raise bad_request("target_concurrency_limit: exceeds the organization's concurrency limit.")
    return order.target_concurrency_limit


def number_of(order: AgentCallBatchRequest, switches: Switches) -> PhoneNumber:
    """Agent and number must be there; the number must be one that can call out."""
    if not is_agent(order.agent_id, switches):
        raise not_found("Agent")
    number = find_number(order.from_number_id, switches)
    if number is None:
        raise not_found("Phone number")
    if not number.places_calls:
        raise bad_request("from_number_id: this phone number cannot place outbound calls.")
    return number


def region_of(order: AgentCallBatchRequest, number: PhoneNumber, version: str, switches: Switches) -> str:
    if "region" in order.model_fields_set:
        if version != NEWEST_VERSION:
            raise bad_request(f"region: needs Cartesia-Version {NEWEST_VERSION}.")
        if switches.region_needs_sip_trunk and number.kind != "sip_trunk":
            raise bad_request("region: is only for SIP-trunk numbers.")
    return order.region
