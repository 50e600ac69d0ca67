"""The orders of a journal as an operator reads them: a table, or JSON for programs.

It only shows; it opens nothing. Rule: one line for each order, and one word for its state.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from ibkr.entries import Entry
from ibkr.journal import JournalCounts, Line
from ibkr.journal_forms import decimal_text, time_text
from ibkr.logs import mask_accounts
from ibkr.reconcile import Verdict

_GIVEN_UP = {Verdict.NOT_SENT: "NotSent", Verdict.NOT_ACCEPTED: "NotAccepted"}
_ATTENTION = frozenset({"InDoubt", "Duplicate"})


def state_of(entry: Entry) -> str:
    """TWS's status word, or ours where TWS has none."""
    if entry.verdict in _GIVEN_UP:
        return _GIVEN_UP[entry.verdict]
    if entry.verdict is Verdict.DUPLICATE:
        return "Duplicate"
    if entry.order_id is None:
        return "Intended"
    if entry.reject_code is not None:
        return f"Rejected ({entry.reject_code})"
    if entry.is_doubtful:
        return "InDoubt"
    return f"{entry.status}, cancel sent" if entry.is_cancelling else entry.status.value


def table(entries: Iterable[Entry]) -> Table:
    made = Table(box=None, pad_edge=False)
    for name in ("KEY", "REFERENCE", "ID", "ORDER", "FILLED", "STATE", "VERDICT"):
        made.add_column(name, justify="right" if name in {"ID", "FILLED"} else "left")
    for entry in entries:
        state = state_of(entry)
        made.add_row(
            entry.key or "-",
            entry.reference,
            "-" if entry.order_id is None else str(entry.order_id),
            _words(entry),
            decimal_text(entry.filled),
            state,
            _verdict(entry),
            style="bold red" if state in _ATTENTION else None,
        )
    return made


def summary(counts: JournalCounts, in_doubt: int) -> str:
    return (
        f"{counts.intents} intended, {counts.sends} sent, {counts.acks} acknowledged, "
        f"{counts.executions} executions; {counts.open} open, {in_doubt} in doubt"
    )


def as_json(entries: Iterable[Entry], counts: JournalCounts) -> dict[str, Any]:
    orders = [_order(entry) for entry in entries]
    return {"counts": asdict(counts), "orders": orders}


def story_table(story: Iterable[Line]) -> Table:
    made = Table(box=None, pad_edge=False)
    for name in ("TIME", "WHAT", "DETAIL"):
        made.add_column(name)
    for line in story:
        made.add_row(time_text(line.time), line.kind, mask_accounts(_flat(line.detail)))
    return made


def story_as_json(entry: Entry, story: Iterable[Line]) -> dict[str, Any]:
    lines = [
        {
            "time": time_text(line.time),
            "kind": line.kind,
            "detail": json.loads(mask_accounts(json.dumps(line.detail))),
        }
        for line in story
    ]
    return {"order": _order(entry), "story": lines}


def _flat(detail: Mapping[str, Any], inside: str = "") -> str:
    parts = []
    for name, value in detail.items():
        path = f"{inside}{name}"
        is_deep = isinstance(value, Mapping)
        parts.append(_flat(value, f"{path}.") if is_deep else f"{path}={value}")
    return " ".join(parts)


def _order(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "reference": entry.reference,
        "client_id": entry.client_id,
        "order_id": entry.order_id,
        "perm_ids": list(entry.perm_ids),
        "contract": str(entry.contract),
        "action": entry.order.action.value,
        "quantity": decimal_text(entry.order.quantity),
        "order_type": entry.order.order_type.value,
        "state": state_of(entry),
        "filled": decimal_text(entry.filled),
        "in_doubt": entry.is_doubtful,
        "cancel_sent": entry.is_cancelling,
        "verdict": None if entry.verdict is None else entry.verdict.value,
        "rule": entry.rule or None,
        "intended_at": time_text(entry.intended_at),
        "sent_at": None if entry.sent_at is None else time_text(entry.sent_at),
    }


def _words(entry: Entry) -> str:
    order = entry.order
    name = entry.contract.local_symbol or entry.contract.symbol or str(entry.contract.con_id)
    price = "" if order.limit_price is None else f" {decimal_text(order.limit_price)}"
    quantity = decimal_text(order.quantity)
    return f"{order.action} {quantity} {name} {order.order_type}{price}"


def _verdict(entry: Entry) -> str:
    return "-" if entry.verdict is None else f"{entry.verdict} ({entry.rule})"
