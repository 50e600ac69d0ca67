"""Runs of fields that several messages share."""

from __future__ import annotations

from simulator.records import (
    ComboLeg,
    ComboLegPrice,
    DeltaNeutralContract,
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TagValue,
    TimeCondition,
    VolumeCondition,
)
from simulator.wire import (
    BOOL,
    FLOAT,
    FLOAT_OR_EMPTY,
    INT,
    SIZE,
    TEXT,
    WHOLE_SIZE,
    Element,
    Field,
    Layout,
    Tagged,
)

_CONTRACT = (
    ("con_id", INT),
    ("symbol", TEXT),
    ("sec_type", TEXT),
    ("last_trade_date", TEXT),
    ("strike", FLOAT),
    ("right", TEXT),
    ("multiplier", TEXT),
    ("exchange", TEXT),
    ("primary_exchange", TEXT),
    ("currency", TEXT),
    ("local_symbol", TEXT),
    ("trading_class", TEXT),
)


def contract(*without: str) -> tuple[Element, ...]:
    """The contract fields in the order every message has them, less those it leaves out."""
    return tuple(Field(f"contract.{name}", kind) for name, kind in _CONTRACT if name not in without)


def size(path: str) -> tuple[Element, ...]:
    """A size as market data messages spell it: whole numbers before version 163."""
    return Field(path, WHOLE_SIZE, until=162), Field(path, SIZE, since=163)


TAG_VALUE = Layout(TagValue, Field("tag", TEXT), Field("value", TEXT))

DELTA_NEUTRAL_CONTRACT = Layout(
    DeltaNeutralContract, Field("con_id", INT), Field("delta", FLOAT), Field("price", FLOAT)
)

QUOTED_LEG = Layout(
    ComboLeg,
    Field("con_id", INT),
    Field("ratio", INT),
    Field("action", TEXT),
    Field("exchange", TEXT),
)

ORDERED_LEG = Layout(
    ComboLeg,
    Field("con_id", INT),
    Field("ratio", INT),
    Field("action", TEXT),
    Field("exchange", TEXT),
    Field("open_close", INT),
    Field("short_sale_slot", INT),
    Field("designated_location", TEXT),
    Field("exempt_code", INT),
)

LEG_PRICE = Layout(ComboLegPrice, Field("price", FLOAT_OR_EMPTY))

_JOINED = Field("conjunction", TEXT)
_IS_MORE = Field("is_more", BOOL)
_ON_CONTRACT = (Field("con_id", INT), Field("exchange", TEXT))

CONDITIONS = Tagged(
    "order.conditions",
    {
        1: Layout(
            PriceCondition,
            _JOINED,
            _IS_MORE,
            Field("price", FLOAT),
            *_ON_CONTRACT,
            Field("trigger_method", INT),
        ),
        3: Layout(TimeCondition, _JOINED, _IS_MORE, Field("time", TEXT)),
        4: Layout(MarginCondition, _JOINED, _IS_MORE, Field("percent", INT)),
        5: Layout(
            ExecutionCondition,
            _JOINED,
            Field("sec_type", TEXT),
            Field("exchange", TEXT),
            Field("symbol", TEXT),
        ),
        6: Layout(VolumeCondition, _JOINED, _IS_MORE, Field("volume", INT), *_ON_CONTRACT),
        7: Layout(
            PercentChangeCondition,
            _JOINED,
            _IS_MORE,
            Field("change_percent", FLOAT),
            *_ON_CONTRACT,
        ),
    },
)
