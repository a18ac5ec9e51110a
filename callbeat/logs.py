"""One stream, one form: our lines and those of libraries go to stderr, for people on a terminal, as JSON elsewhere.

A line's event is a state (`batch.created`, one for each decision; callbeat/ledger/lines.py) or a word of its own.
What is bound while a task works (structlog.contextvars) stands in every line, also in those of libraries.
"""

import logging
import os
import sys
from collections.abc import Collection
from typing import Any, get_args

import structlog
from dotenv import dotenv_values
from structlog.types import EventDict, Processor

from callbeat.masking import Mask
from callbeat.settings import LogForm, LogLevel, Settings

FIRST = ("timestamp", "level", "event", "process", "site", "task", "campaign", "run", "batch")
QUIET = ("httpx", "httpcore", "h11", "asyncio")  # below a warning they tell addresses and headers
_mask = Mask()


def begin_logs(process: str, *, least: LogLevel | None = None) -> None:
    """Before there are settings: a mistake in them must be readable too. What is wrong here is overlooked."""
    form, level = _wished("CALLBEAT_LOG", LogForm, "auto"), _wished("CALLBEAT_LOG_LEVEL", LogLevel, "info")
    _configure(process, None, form, least or level)


def settle_logs(process: str, settings: Settings) -> None:
    """As the settings say, their secrets left out from now on."""
    hide_secrets(settings.secrets())
    _configure(process, settings.site, settings.log, settings.log_level)


def hide_secrets(secrets: Collection[str]) -> None:
    """What no line may show, wherever it stands."""
    _mask.add(secrets)


def as_json(form: str) -> bool:
    """Whether lines are JSON: `auto` means on anything but a terminal."""
    return form == "json" or (form != "console" and not sys.stderr.isatty())


def _wished(variable: str, words: Any, default: str) -> str:
    try:
        told = os.environ.get(variable) or dotenv_values(".env").get(variable) or default
    except (OSError, ValueError):
        return default
    return told.lower() if told.lower() in get_args(words) else default


def _configure(process: str, site: str | None, form: str, least: str) -> None:
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_chain(process, site, form)))
    logging.getLogger().handlers[:] = [handler]
    logging.captureWarnings(True)
    set_levels(logging.getLevelNamesMapping()[least.upper()])


def set_levels(least: int) -> None:
    """Ours from `least` on, of libraries only warnings; at debug also what they tell people."""
    logging.getLogger().setLevel(logging.INFO if least < logging.INFO else max(least, logging.WARNING))
    logging.getLogger("callbeat").setLevel(least)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


def _chain(process: str, site: str | None, form: str) -> list[Processor]:
    """From a line of ours or of a library to its text. Nothing is added after the mask."""

    def named(_logger: object, _method: str, line: EventDict) -> EventDict:
        return {"process": process, "site": site, **line}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        named,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _in_order,
        _mask,
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json(form) else _for_people(),
    ]


def _in_order(_logger: object, _method: str, line: EventDict) -> EventDict:
    """What is read first stands first; what is not known is left out."""
    first = {name: line[name] for name in FIRST if name in line}
    return {name: value for name, value in {**first, **line}.items() if value is not None}


def _for_people() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
