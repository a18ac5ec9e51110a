"""Reading what a client sends to create a batch; every wrong form is a clean 400."""

import re
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from sandbox.trillet.refusals import bad_request

MULTIPART = "multipart/form-data"
_AGENT = re.compile(r"[A-Za-z0-9_-]{1,100}")

CREATE_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": ["file", "agentId"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "CSV, at most 20 MB"},
                    "agentId": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"},
                    "scheduledAt": {"type": "string", "format": "date-time"},
                    "smartCallbackConfig": {"type": "string", "contentMediaType": "application/json"},
                },
            },
            "encoding": {"file": {"contentType": "text/csv"}},
            "example": {"file": "phone_number,first_name\n+14155550100,Ada\n", "agentId": "agent_123456"},
        }
    },
}


async def read_form(request: Request) -> FormData:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != MULTIPART:
        raise bad_request("No file uploaded", f"Content-Type must be {MULTIPART}")
    try:
        return await request.form(max_files=10, max_fields=100, max_part_size=1024 * 1024)
    except HTTPException as error:
        raise bad_request("The form could not be parsed", str(error.detail)) from error
    except (ValueError, UnicodeError) as error:
        raise bad_request("The form could not be parsed") from error


def text_of(form: FormData, field: str) -> str | None:
    values = form.getlist(field)
    if len(values) > 1:
        raise bad_request(f"{field} must be given once")
    value = values[0] if values else None
    if isinstance(value, UploadFile):
        raise bad_request(f"{field} must be a text field")
    return value


def agent_of(form: FormData) -> str:
    text = (text_of(form, "agentId") or "").strip()
    if not text:
        raise bad_request("No agent ID provided")
    if not _AGENT.fullmatch(text):
        raise bad_request("Invalid agent ID")
    return text


async def file_of(form: FormData) -> tuple[str, bytes]:
    uploads = form.getlist("file")
    if len(uploads) > 1:
        raise bad_request("Only one file can be uploaded")
    upload = uploads[0] if uploads else None
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise bad_request("No file uploaded")
    return upload.filename, await upload.read()
