"""Where this room's log lines go.

They go to structlog when the process has it loaded, as `mainstem`'s own commands have. An endpoint
that starts cold on a function host has not, and loading it would cost more than all of this room;
there they go to `logging` as one line of text.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

_NAME = "mainstem.serving"

Level = Literal["info", "warning"]


def say(level: Level, event: str, **facts: Any) -> None:
    """Log `event` with its `facts`, which hold no secret."""
    structlog = sys.modules.get("structlog")
    if structlog is not None:
        getattr(structlog.stdlib.get_logger(_NAME), level)(event, **facts)
        return
    log = logging.getLogger(_NAME)
    if not log.level:
        # A function host's root logger lets only warnings through; what is served should be seen.
        log.setLevel(logging.INFO)
    told = " ".join(f"{name}={value}" for name, value in facts.items())
    log.log(logging.getLevelNamesMapping()[level.upper()], "%s %s", event, told)
