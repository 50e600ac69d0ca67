"""Where the simulator's log lines go: to structlog, or from a thread of its own to `logging`.

A gateway that runs within somebody else's tests must not write into the structlog of what is
tested there, nor to its stdout; its thread says `log_plainly()` first. Rule: nothing global
is configured here, that is for the command.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import structlog


class _Here(threading.local):
    is_plain = False


_here = _Here()


def log_plainly() -> None:
    """Have this thread's lines go to the standard `logging`, below the logger `simulator`."""
    _here.is_plain = True


class Log:
    """One module's log: an event's name, and its facts by keyword."""

    def __init__(self, name: str) -> None:
        self._structured = structlog.get_logger(name)
        self._plain = structlog.wrap_logger(
            logging.getLogger(name),
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.processors.format_exc_info,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
        )

    def info(self, event: str, **facts: Any) -> None:
        self._chosen.info(event, **facts)

    def warning(self, event: str, **facts: Any) -> None:
        self._chosen.warning(event, **facts)

    def error(self, event: str, **facts: Any) -> None:
        self._chosen.error(event, **facts)

    def exception(self, event: str, **facts: Any) -> None:
        """An error, with the exception that is being handled."""
        self._chosen.exception(event, **facts)

    @property
    def _chosen(self) -> Any:
        return self._plain if _here.is_plain else self._structured
