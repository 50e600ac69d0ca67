"""What went over the wires, as lines that a person reads: one for a frame, the last of them.

Pure: frames in, text out. Rule: what a test fails over is there in its order - requests,
replies, errors, and what went wrong on purpose - and no flood of one kind drowns it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from simulator.transcript import Passed

ARROWS = {"in": "<", "out": ">", "note": "!"}
MAX_IN_A_ROW = 2
"""Of frames of one kind; how many more there were is said."""

FLOODS = frozenset({"AccountValue", "AccountUpdateMulti", "AccountSummary", "AccountUpdateTime"})
"""Of these one is enough."""

MAX_FACTS = 160
"""Characters of the fields of a frame that has no entry in `MATTERS`."""

_CONTRACT = ("contract.symbol", "contract.sec_type")
_ORDER = (
    "order.action",
    "order.total_quantity",
    "order.order_type",
    "order.limit_price",
    "order.aux_price",
    "order.tif",
)

MATTERS: Mapping[str, tuple[str, ...]] = {
    "PlaceOrder": ("order_id", *_CONTRACT, *_ORDER),
    "OpenOrder": ("order_id", "client_id", *_CONTRACT, *_ORDER, "state.status"),
    "OrderStatus": (
        "order_id",
        "status",
        "filled",
        "remaining",
        "average_fill_price",
        "why_held",
    ),
    "ExecutionData": (
        "order_id",
        "execution.exec_id",
        *_CONTRACT,
        "execution.side",
        "execution.shares",
        "execution.price",
    ),
    "CompletedOrder": (*_CONTRACT, *_ORDER, "completion.status"),
    "ContractData": (
        "req_id",
        "details.contract.symbol",
        "details.contract.sec_type",
        "details.contract.con_id",
    ),
    "ErrorMessage": ("id", "code", "text"),
    "PositionData": ("account", *_CONTRACT, "position", "average_cost"),
    "PortfolioValue": ("account", *_CONTRACT, "position", "market_price", "unrealized_pnl"),
}
"""Of frames with many fields those by which one knows what happened."""


def lines(passed: Iterable[Passed], most: int) -> str:
    """The last lines, with a word on what is not shown."""
    told = list(_told(passed))
    left_out = len(told) - most
    shown = told[-most:]
    return "\n".join([f"({left_out} earlier lines)", *shown] if left_out > 0 else shown)


def _told(passed: Iterable[Passed]) -> Iterator[str]:
    for (direction, name, client_id), group in groupby(passed, _kind):
        in_a_row = list(group)
        whole = 1 if name in FLOODS else MAX_IN_A_ROW
        if name in MATTERS or direction == "note":
            whole = len(in_a_row)
        yield from (_line(p) for p in in_a_row[:whole])
        if len(in_a_row) > whole:
            more = f"and {len(in_a_row) - whole} more {name}"
            yield f"{_head(in_a_row[-1].time_ms, direction, client_id)} {more}"


def _kind(passed: Passed) -> tuple[str, str, int | None]:
    return passed.direction, passed.name, passed.client_id


def _line(passed: Passed) -> str:
    parts = [_head(passed.time_ms, passed.direction, passed.client_id), passed.name]
    facts = _facts(passed)
    parts += [facts] if facts else []
    parts += ["(kept back)"] if passed.is_held else []
    return "".join(c if c.isprintable() else " " for c in " ".join(parts))


def _head(time_ms: int, direction: str, client_id: int | None) -> str:
    time = datetime.fromtimestamp(time_ms / 1000, UTC)
    who = "-" if client_id is None else str(client_id)
    return f"{time:%m-%d %H:%M:%S}.{time_ms % 1000:03} {who} {ARROWS[direction]}"


def _facts(passed: Passed) -> str:
    flat = dict(_flat(passed.fields))
    names = None if "unreadable" in flat else MATTERS.get(passed.name)
    if names is not None:
        flat = {name: flat[name] for name in names if name in flat}
    told = " ".join(f"{n.rpartition('.')[2]}={value}" for n, value in flat.items() if value != "")
    if names is not None:
        return told
    return told if len(told) <= MAX_FACTS else f"{told[:MAX_FACTS]}..."


def _flat(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
