"""Reading what a client sends to create or schedule a batch; every wrong form is a clean 400."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from sandbox.bolna.contacts_csv import is_e164
from sandbox.bolna.refusals import bad_request, missing

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TEXTS = TypeAdapter(list[str])
_TRUTHS = {"true": True, "false": False}
MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"

CREATE_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": ["agent_id", "file"],
                "properties": {
                    "agent_id": {"type": "string", "format": "uuid"},
                    "file": {"type": "string", "format": "binary"},
                    "from_phone_numbers": {"type": "array", "items": {"type": "string"}},
                    "from_phone_number": {"type": "string", "deprecated": True},
                    "retry_config": {"type": "string"},
                    "webhook_url": {"type": "string", "format": "uri"},
                    "bypass_call_guardrails": {"type": "string", "enum": ["true", "false"]},
                },
            },
            "encoding": {"file": {"contentType": "text/csv"}},
        }
    },
}
_SCHEDULE_FORM = {
    "schema": {
        "type": "object",
        "required": ["scheduled_at"],
        "properties": {
            "scheduled_at": {"type": "string", "format": "date-time"},
            "bypass_call_guardrails": {"type": "string", "enum": ["true", "false"], "default": "false"},
        },
    }
}
SCHEDULE_BODY: dict[str, Any] = {
    "required": True,
    "content": {MULTIPART: _SCHEDULE_FORM, URLENCODED: _SCHEDULE_FORM},
}


async def read_form(request: Request, accepted: Sequence[str]) -> FormData:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in accepted:
        raise bad_request(f"Content-Type must be {' or '.join(accepted)}")
    try:
        return await request.form(max_files=10, max_fields=1000, max_part_size=1024 * 1024)
    except HTTPException as error:
        raise bad_request(str(error.detail)) from error
    except (ValueError, UnicodeError) as error:
        raise bad_request("The form could not be parsed") from error


def text_of(form: FormData, field: str) -> str | None:
    value = form.get(field)
    if isinstance(value, UploadFile):
        raise bad_request(f"{field} must be a text field")
    return value


def agent_of(text: str | None) -> str:
    if not text:
        raise missing("agent_id")
    if not _UUID.fullmatch(text):
        raise bad_request("agent_id must be a valid uuid")
    return text.lower()


async def file_of(form: FormData) -> tuple[str, bytes]:
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise missing("file")
    return upload.filename, await upload.read()


def from_numbers_of(form: FormData) -> tuple[str, ...]:
    """One field a number; some clients send a JSON array, some the old singular field."""
    values = [*form.getlist("from_phone_numbers"), *form.getlist("from_phone_number")]
    numbers = [number for value in values for number in _numbers_in(value)]
    for number in numbers:
        if not is_e164(number):
            raise bad_request("from_phone_numbers must be in E.164 format")
    return tuple(numbers)


def _numbers_in(value: UploadFile | str) -> list[str]:
    if isinstance(value, UploadFile):
        raise bad_request("from_phone_numbers must be a text field")
    if not value.strip().startswith("["):
        return [value.strip()] if value.strip() else []
    try:
        return _TEXTS.validate_json(value)
    except ValidationError as error:
        raise bad_request("from_phone_numbers could not be parsed") from error


def webhook_of(text: str | None) -> str | None:
    """A documented trap: a bad URL is accepted, and no webhook is ever sent."""
    try:
        parts = urlsplit(text or "")
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.hostname else None


def truth_of(form: FormData, field: str) -> bool:
    text = (text_of(form, field) or "false").strip().lower()
    if text not in _TRUTHS:
        raise bad_request(f"{field} must be true or false")
    return _TRUTHS[text]
