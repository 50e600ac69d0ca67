"""Orders with garbage in some fields: whatever they are, they are taken or refused by a known code.

Red: an exception, or a code without a text.
"""

from dataclasses import replace
from decimal import Decimal as D
from types import NoneType
from typing import Any, get_args, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st
from order_samples import LIMIT, PRODUCTS, candidate, held, text, the
from order_table import GOOD

from simulator.gateway.texts import TEXTS
from simulator.gateway.validation import refusal, warnings
from simulator.order_types import ORDER_TYPES
from simulator.records import (
    ComboLegPrice,
    ExecutionCondition,
    MarginCondition,
    Order,
    PercentChangeCondition,
    PriceCondition,
    TagValue,
    TimeCondition,
    VolumeCondition,
)

HINTS = get_type_hints(Order)
TEXT = st.sampled_from(["", "x", "None", "O", "MKT", "LMT", "10:00:00 UTC", "%s{}", "1" * 99])
NUMBER = st.sampled_from([-(2**31), -1, 0, 1, 2, 3, 100, 265598, 2**31 - 1])
DECIMAL = st.one_of(
    st.sampled_from([D(0), D("0.01"), D(1), D(-1), D(100), D("1E400"), D("-1E400"), D("1E-400")]),
    st.decimals(allow_nan=False, allow_infinity=False),
)
PAIR = st.builds(TagValue, tag=TEXT, value=TEXT)
WATCH = {"conjunction": TEXT, "con_id": NUMBER, "exchange": TEXT}
CONDITION = st.one_of(
    st.builds(PriceCondition, price=DECIMAL, trigger_method=NUMBER, **WATCH),
    st.builds(VolumeCondition, volume=NUMBER, **WATCH),
    st.builds(PercentChangeCondition, change_percent=DECIMAL, **WATCH),
    st.builds(TimeCondition, time=TEXT),
    st.builds(MarginCondition, percent=NUMBER),
    st.builds(ExecutionCondition, symbol=TEXT, sec_type=TEXT, exchange=TEXT),
)
SEQUENCES = {
    "algo_params": PAIR,
    "smart_combo_routing": PAIR,
    "conditions": CONDITION,
    "combo_leg_prices": st.builds(ComboLegPrice, price=st.one_of(st.none(), DECIMAL)),
    "misc_options": st.tuples(TEXT, TEXT),
}
KNOWN = {
    "order_type": st.sampled_from(sorted(ORDER_TYPES)),
    "tif": st.sampled_from(["", "DAY", "GTC", "GTD", "OPG"]),
    "algo_strategy": st.sampled_from(["", "Vwap", "PctVol", "AD", "x"]),
    "hedge_type": st.sampled_from(["", "D", "B", "F", "P"]),
    "adjusted_order_type": st.sampled_from(["", "STP", "STP LMT", "TRAIL", "x"]),
    "compete_against_best_offset": st.sampled_from([None, D("Infinity"), D(1)]),
}
PLAIN = {str: TEXT, int: NUMBER, bool: st.booleans(), D: DECIMAL}


def values(name: str) -> st.SearchStrategy[Any]:
    hint = HINTS[name]
    options = [option for option in get_args(hint) if option is not NoneType]
    if name in SEQUENCES:
        return st.lists(SEQUENCES[name], max_size=3).map(tuple)
    plain = st.none() | PLAIN[options[0]] if options else PLAIN[hint]
    return KNOWN[name] | plain if name in KNOWN else plain


@st.composite
def nonsense(draw: st.DrawFn) -> Order:
    """A good order with garbage in some of its fields."""
    order, _contract = draw(st.sampled_from(GOOD))
    names = draw(st.lists(st.sampled_from(sorted(HINTS)), max_size=6, unique=True))
    return replace(order, **{name: draw(values(name)) for name in names})


@settings(max_examples=600, deadline=None)
@given(nonsense(), st.sampled_from(sorted(PRODUCTS)), st.booleans())
def test_garbage_is_refused_with_a_known_code_or_taken(order, sec_type, is_live) -> None:
    contract = the(PRODUCTS[sec_type])
    live = held(LIMIT, contract) if is_live else None
    checked = candidate(order, contract, held=live)
    refused = refusal(checked)
    if refused is not None:
        assert text(refused)
    else:
        assert all(code in TEXTS for code in warnings(checked))
