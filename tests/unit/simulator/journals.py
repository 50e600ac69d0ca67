"""Journals for tests of what keeps them: random ones of every event, and a small fixed one."""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal as D
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from simulator.broker.records import Accepted, BrokerOrder, Cancelled, Entry, Event, Executed
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase, Instrument
from simulator.records import Contract, Execution, Order, Status

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS)
AAPL = DATABASE.by_name("AAPL")
FUTURE = next(iter(DATABASE.futures()))
TEXT = st.text(st.characters(exclude_categories=()), max_size=6)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(),
    str: TEXT,
    D: st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from([D("0.00"), D("1E+3")]),
    Instrument: st.sampled_from([AAPL, FUTURE, *INSTRUMENTS[:3]]),
    NoneType: st.none(),
}


@cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type, whatever it is made of."""
    if hint in SCALARS:
        return SCALARS[hint]
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        if inner[-1] is ...:
            return st.lists(values(inner[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, inner))
    if get_args(hint):
        return st.one_of(*map(values, get_args(hint)))
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert is_dataclass(hint)
    return records(hint)


@cache
def records(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Records with all that they need, and some of the rest set."""
    hints = get_type_hints(kind)
    needed = {f.name for f in fields(kind) if (f.default, f.default_factory) == (MISSING, MISSING)}
    rest = sorted(hints.keys() - needed)

    @st.composite
    def drawn(draw: Callable[..., Any]) -> Any:
        chosen = draw(st.sets(st.sampled_from(rest), max_size=5)) if rest else set()
        return kind(**{name: draw(values(hints[name])) for name in sorted(needed | chosen)})

    return drawn()


EVENTS: tuple[type[Any], ...] = get_args(Event)


def entries_of(*events: Event) -> list[Entry]:
    return [Entry(number, 1_000 * number, event) for number, event in enumerate(events, 1)]


def an_order(number: int, **attributes: Any) -> BrokerOrder:
    return BrokerOrder(
        perm_id=1_000_000_000 + number,
        client_id=1,
        order_id=number,
        account="DU9000001",
        instrument=AAPL,
        contract=Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART"),
        order=Order(action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D("99.50")),
        status=Status.SUBMITTED,
        quantity=D(100),
        **attributes,
    )


def a_journal(orders: int) -> list[Entry]:
    """The lives of orders: accepted, then by turns filled or cancelled."""
    events: list[Event] = []
    for number in range(1, orders + 1):
        order = an_order(number)
        events.append(Accepted(order))
        if number % 2:
            execution = Execution(exec_id=f"e.{number}", side="BOT", shares=D(100), price=D("99.5"))
            events.append(Executed(order, execution, number, D("1.00"), None, AAPL))
        else:
            events.append(Cancelled(order, "Cancelled by Trader"))
    return entries_of(*events)
