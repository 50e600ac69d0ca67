"""Where a fault strikes: a moment counted in what happens, as it is written in text.

`now`, `accept#2`, `hs`, `rx(PlaceOrder)#2`, `tx(OrderStatus)`, `tx_byte#17`, `rx_byte#4`,
`time+30`. Counting begins when the fault is injected; a number that is left out is 1. Names
are those of the records in `simulator.messages`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from simulator.messages import REPLIES, REQUESTS


class Where(StrEnum):
    NOW = "now"
    ACCEPT = "accept"
    HANDSHAKE = "hs"
    REQUEST = "rx"
    REPLY = "tx"
    BYTE_IN = "rx_byte"
    BYTE_OUT = "tx_byte"
    TIME = "time"


MESSAGES = {
    Where.REQUEST: {record.__name__ for record in REQUESTS.by_record},
    Where.REPLY: {record.__name__ for record in REPLIES.by_record},
}
BYTES = frozenset({Where.BYTE_IN, Where.BYTE_OUT})
EXAMPLES = (
    "now, accept#1, hs#1, rx(PlaceOrder)#2, tx(OrderStatus)#1, rx_byte#4, tx_byte#17, time+30"
)
MAX_COUNT = 10**9
MAX_SECONDS = 31 * 86_400

_COUNTED = re.compile(r"(accept|hs|rx_byte|tx_byte)(?:#([0-9]{1,9}))?")
_MESSAGE = re.compile(r"(rx|tx)\((\w+)\)(?:#([0-9]{1,9}))?")
_TIME = re.compile(r"time\+([0-9]{1,7}(?:\.[0-9]{1,3})?)")


@dataclass(frozen=True, slots=True)
class Point:
    """`count`: the how-manieth time, or after how many bytes; `delay_ms` is of `time`."""

    where: Where
    name: str = ""
    count: int = 1
    delay_ms: int = 0

    def __post_init__(self) -> None:
        known = MESSAGES.get(self.where)
        if known is not None and self.name not in known:
            raise ValueError(
                f"at names no message that is there: {self.name!r}; "
                f"{self._hint(known)} (see simulator/messages)"
            )
        least = 0 if self.where in BYTES else 1
        if not least <= self.count <= MAX_COUNT:
            raise ValueError(f"at counts from {least}, not {self.count}")
        if not 0 <= self.delay_ms <= MAX_SECONDS * 1000:
            raise ValueError(f"at may be {MAX_SECONDS} seconds ahead at most")

    def __str__(self) -> str:
        match self.where:
            case Where.NOW:
                return "now"
            case Where.TIME:
                return f"time+{self.delay_ms / 1000:g}"
            case Where.REQUEST | Where.REPLY:
                return f"{self.where}({self.name})#{self.count}"
            case _:
                return f"{self.where}#{self.count}"

    def _hint(self, known: set[str]) -> str:
        alike = [name for name in sorted(known) if self.name.lower() in name.lower()]
        other = Where.REPLY if self.where is Where.REQUEST else Where.REQUEST
        if self.name in MESSAGES[other]:
            return f"it goes the other way, write {other}({self.name})"
        return f"use one like {', '.join((alike or sorted(known))[:5])}"


NOW = Point(Where.NOW)


def read_point(text: str) -> Point:
    """The point a text names. Raises `ValueError` with the ways to write one."""
    if text == "now":
        return NOW
    if match := _TIME.fullmatch(text):
        return Point(Where.TIME, delay_ms=round(float(match[1]) * 1000))
    if match := _COUNTED.fullmatch(text):
        return Point(Where(match[1]), count=int(match[2] or 1))
    if match := _MESSAGE.fullmatch(text):
        return Point(Where(match[1]), match[2], int(match[3] or 1))
    raise ValueError(f"at must be a point like {EXAMPLES}; not {text!r}")
