"""What the sandbox tells of itself: for people on a terminal, as JSON elsewhere, unless `CALLBEAT_LOG` decides.

No key and no whole number is in any line.
"""

import logging
import os
import re
import sys
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor

from sandbox.journal import mask

_DIGITS = re.compile(r"(?<![\w.-])\+?\d[\d ().-]{5,}\d(?![\w-])")
_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def begin() -> None:
    """Ours and uvicorn's go to stderr in one form: warnings and worse, and requests where they are asked for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_chain()))
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("sandbox").setLevel(logging.INFO)
    # A malformed form is the client's doing and is answered; the parser's complaints help nobody.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    logging.captureWarnings(True)


def announce(address: str) -> None:
    """Where it listens, on stdout: whoever has started it waits for this line."""
    words = "pretended providers; nobody is called"
    told = {"event": "sandbox.listening", "url": address, "why": words}
    _say(sys.stdout, f"sandbox: {address}  ({words})", level="info", **told)


def refuse(problem: Exception) -> None:
    """Why it does not start."""
    plain = f"sandbox: cannot start: {problem}"
    _say(sys.stderr, plain, level="error", event="sandbox.refused", why=str(problem))


def _say(stream: TextIO, plain: str, **line: str) -> None:
    told = str(_json(None, "", _named(None, "", _stamp(None, "", {**line})))) if _as_json(stream) else plain
    stream.write(told + "\n")
    stream.flush()


def _as_json(stream: TextIO) -> bool:
    form = os.environ.get("CALLBEAT_LOG", "").lower()
    return form == "json" or (form != "console" and not stream.isatty())


def _chain() -> list[Processor]:
    people = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _stamp,
        _named,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _masked,
        _json if _as_json(sys.stderr) else people,
    ]


def _named(_logger: object, _method: str, line: EventDict) -> EventDict:
    first = {name: line[name] for name in ("timestamp", "level", "event") if name in line}
    return {**first, "process": "sandbox", **line}


def _masked(_logger: object, _method: str, line: EventDict) -> EventDict:
    return {
        name: _DIGITS.sub("•••", mask(value)) if _may_show(name, value) else value for name, value in line.items()
    }


def _may_show(name: str, value: object) -> bool:
    return isinstance(value, str) and name != "timestamp"
