"""Whether a program printed what a page shows.

How wide blanks are is of no account; `...` stands for anything, and where numbers
vary each number of the page stands for any number. Knows no program.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")

_RULE = re.compile("[━─]+")


def objection(shown: str, printed: str, says: Iterable[str]) -> str:
    """Why the output is not as shown; empty: it is."""
    plain = _ESCAPES.sub("", printed)
    as_shown, as_printed = _lines(shown), _lines(plain)
    if "numbers vary" in says:
        as_shown, as_printed = ([_without_numbers(x) for x in y] for y in (as_shown, as_printed))
    if {"terminal", "among others"} & set(says):
        return _missing(as_shown, as_printed)
    if _same("\n".join(as_shown), "\n".join(as_printed)):
        return ""
    return "\n".join(difflib.unified_diff(as_shown, as_printed, "shown", "printed", lineterm=""))


def _without_numbers(line: str) -> str:
    """A line, and the rule of a table, whatever its numbers and their widths are."""
    return _RULE.sub("━", _NUMBER.sub("N", line))


def _missing(shown: list[str], printed: list[str]) -> str:
    """The lines that are shown come in this order, whatever comes between."""
    later = iter(printed)
    for line in shown:
        if line.strip() and not any(_same(line, each) for each in later):
            return f"this line is not printed, or not in this order: {line!r}"
    return ""


def _same(shown: str, printed: str) -> bool:
    return OutputChecker().check_output(shown, printed, ELLIPSIS | NORMALIZE_WHITESPACE)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]
