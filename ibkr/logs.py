"""Structured logs: what must be masked, and the one place that configures logging.

It does not know what is logged. Rule: account ids never appear in full, and only the
command line calls `configure`; importing the library changes no logging.
"""

import logging
import re
import sys
from typing import Literal

import structlog

from ibkr.library import LIBRARIES

LogFormat = Literal["console", "json"]

# two or more letters-then-digits shapes are in use: U1234567, DU1234567, DFP123456, F1234567
_ACCOUNT = re.compile(r"\b(?:D[UFI][A-Z]?|[UFI])\d{4,}\b")


def mask_account(account: str) -> str:
    """`DU1234567` becomes `DU***67`."""
    prefix = account[: len(account) - len(account.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))][:3]
    return f"{prefix}***{account[-2:]}" if len(account) > 4 else "***"


def mask_accounts(text: str) -> str:
    """The text with every account id in it masked."""
    return _ACCOUNT.sub(lambda match: mask_account(match.group()), text)


def configure(level: str, log_format: LogFormat) -> None:
    """Send our logs to standard error, from `level` up."""
    number = logging.getLevelNamesMapping()[level]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # a library writes whole orders and account ids; what matters of it is in our own events
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
