"""One line for each decision. The event's name is the state; no number and no key is ever among its values."""

import logging
import sys

import structlog


def configure_logs(*, as_json: bool | None = None, least: int = logging.INFO) -> None:
    """Lines to stderr: for people on a terminal, JSON elsewhere."""
    pretty = sys.stderr.isatty() if as_json is None else not as_json
    last: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
