"""Multipart forms as they came over the wire, taken apart."""

import csv
import io
from email.message import Message

from tests.contract.stage import Asked


def header(value: str) -> Message:
    message = Message()
    message["content-disposition"] = value
    return message


def parts_of(asked: Asked) -> list[tuple[str, str | None, str | None, bytes]]:
    """Name, file name, content type and content of each part of a multipart form."""
    kind, _, boundary = asked.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    found = []
    for part in asked.body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        place = header(named["Content-Disposition"])
        name = place.get_param("name", header="content-disposition")
        found.append((name, place.get_filename(), named.get("Content-Type"), content.removesuffix(b"\r\n")))
    return found


def fields_of(asked: Asked) -> list[tuple[str, str]]:
    return [(name, content.decode()) for name, file_name, _, content in parts_of(asked) if file_name is None]


def rows_of(asked: Asked) -> list[list[str]]:
    ((_, _, _, content),) = [part for part in parts_of(asked) if part[0] == "file"]
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
