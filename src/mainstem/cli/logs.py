"""Where logs go: structured lines on stderr, quiet unless something is wrong or asked for."""

from __future__ import annotations

import logging
import sys


def set_up_logs(level: str = "WARNING", *, as_json: bool = False) -> None:
    """Send the logs of this process to stderr from `level` on, as text or as JSON lines.

    Both our structured logs and those of libraries that use `logging` take the same way. A second
    call replaces the first.
    """
    import structlog

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    printed: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *printed],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # A line per request of our own loopback traffic, or per migration, would drown the rest.
    for chatty in ("httpx", "httpcore", "uvicorn", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
