"""Orders and fills as text, and back: what stands in the columns of the journal.

Pure. Rule: equal values are equal text, so that two orders can be compared by their text, and
what is written today can be read by every later version of the same schema.
"""

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from ibkr.models import Action, Contract, Fill, Order

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def order_text(contract: Contract, order: Order) -> str:
    """One line of JSON; what equals its default is left out."""
    return _JSON.encode({"contract": _plain(contract), "order": _plain(order)})


def order_from(text: str) -> tuple[Contract, Order]:
    read = json.loads(text)
    return Contract(**read["contract"]), Order(**read["order"])


def fill_text(fill: Fill) -> str:
    return _JSON.encode(_plain(fill))


def fill_from(text: str) -> Fill:
    read = json.loads(text)
    for name in ("quantity", "price", "commission", "realized_pnl"):
        if name in read:
            read[name] = Decimal(read[name])
    read["contract"] = Contract(**read["contract"])
    read["action"] = Action(read["action"])
    read["time"] = time_from(read["time"])
    return Fill(**read)


def time_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


def time_from(text: str) -> datetime:
    return datetime.fromisoformat(text)


def decimal_text(value: Decimal) -> str:
    """Without exponent and trailing zeros: 1.0 and 1.00 are one price."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(record: Any) -> dict[str, Any]:
    return {
        field.name: _value(getattr(record, field.name))
        for field in fields(record)
        if getattr(record, field.name) != field.default
    }


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Contract):
        return _plain(value)
    return value.value if isinstance(value, Enum) else value
