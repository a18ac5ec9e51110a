"""What FastAPI cannot see of this API by itself: the version header, the queries, the body that is read by hand."""

from collections.abc import Mapping
from typing import Any, get_args

from sandbox.application import ProviderApplication
from sandbox.cartesia import shapes
from sandbox.cartesia.orders import JSON
from sandbox.cartesia.switches import LARGEST_PAGE, Version

REFS = "#/components/schemas/"
_NO: dict[str, Any] = {"model": shapes.Error}
_REFUSALS: dict[int, tuple[str, Mapping[str, Any]]] = {
    400: ("Something about the request is invalid.", {"content": {"text/plain": {"schema": {"type": "string"}}}}),
    401: ("No valid API key.", {}),
    402: ("The organization has reached its agents usage limit.", {}),
    404: ("There is no such agent, phone number, batch or call.", {}),
    429: ("Too many requests.", {"headers": {"Retry-After": {"schema": {"type": "integer"}}}}),
    500: ("The batch could not be created.", {}),
    502: ("The call could not be reached.", {}),
}


def refused(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that any request can meet, and these."""
    return {
        status: {**_NO, "description": words, **more}
        for status, (words, more) in _REFUSALS.items()
        if status in (400, 401, 429, *statuses)
    }


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    about = {"type": "string", **schema}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": about}


VERSION = {
    "name": "Cartesia-Version",
    "in": "header",
    "required": True,
    "description": "API version header.",
    "schema": {"type": "string", "format": "date", "enum": list(get_args(Version))},
}
PAGE = (
    _query("limit", "How many rows, 10 unless told.", type="integer", minimum=1, maximum=LARGEST_PAGE),
    _query("starting_after", "The id of the row after which the page starts."),
    _query("ending_before", "The id of the row before which the page ends."),
)
AGENT = _query("agent_id", "Only of this agent.")
CALLS = (
    _query("agent_id", "Calls of this agent; this or batch_id is required."),
    _query("batch_id", "Calls of this batch; this or agent_id is required."),
    _query("start_time_gte", "Only calls that started at or after this instant.", format="date-time"),
    _query("start_time_lte", "Only calls that started at or before this instant.", format="date-time"),
    _query("expand", "`transcript` adds transcripts.", enum=["transcript"]),
)


def described(*queries: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameters": [VERSION, *queries]}


_REQUEST = shapes.AgentCallBatchRequest.model_json_schema(ref_template=REFS + "{model}")
_REQUEST_SCHEMAS = {**_REQUEST.pop("$defs"), "AgentCallBatchRequest": _REQUEST}
CREATE_BODY = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": {"$ref": REFS + "AgentCallBatchRequest"}}},
    }
}


class CartesiaApplication(ProviderApplication):
    """Its document also has the schemas of the request that is read by hand."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"].update(_REQUEST_SCHEMAS)
        return document
