"""Every known trouble can be had, or it is said why not; and the docs say so."""

from dataclasses import replace
from pathlib import Path

import pytest
from orders import AAPL, LIMIT, MARKET, STOP, show

from simulator import World
from simulator.faults import ACTIONS
from simulator.faults.catalogue import CATALOGUE, Trouble, page
from simulator.messages import REQUESTS
from simulator.messages.account import RequestAccountUpdates, RequestPositions
from simulator.messages.connection import RequestIds, StartApi
from simulator.messages.contracts import RequestContractData
from simulator.messages.history import RequestHeadTimestamp, RequestHistoricalData
from simulator.messages.market_data import RequestMarketData
from simulator.messages.orders import (
    CancelOrder,
    ExecutionFilter,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
)
from simulator.wire import frame, join_fields

DOCS = Path(__file__).parents[3] / "docs" / "faults.md"
KNOWN = {
    *(f"T{number}" for number in range(1, 11)),
    *(f"S{number}" for number in range(1, 14)),
    *(f"U{number}" for number in range(1, 11)),
    *(f"P{number}" for number in range(1, 7)),
    *(f"F{number}" for number in range(1, 11)),
    *(f"O{number}" for number in range(1, 21)),
    *(f"E{number}" for number in range(1, 12)),
    *(f"M{number}" for number in range(1, 5)),
    *(f"X{number}" for number in range(1, 5)),
    "H1",
    "C1",
}
HAD = [row for row in CATALOGUE if row.inject]


def test_no_known_trouble_is_left_out_or_there_twice() -> None:
    assert sorted(row.id for row in CATALOGUE) == sorted(KNOWN)


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_a_row_says_how_it_is_had_or_why_not(row: Trouble) -> None:
    assert [bool(row.inject), bool(row.otherwise), bool(row.not_modelled)].count(True) == 1


@pytest.mark.parametrize("row", HAD, ids=lambda row: row.id)
def test_what_a_row_injects_strikes_in_a_day_of_trading(world, client, row: Trouble) -> None:
    """Red for a row whose message never comes, or whose point is never reached."""
    for plain in row.inject:
        world.inject_plain(plain)
    for client_id in (11, 12, 13, 14):
        trade(world, client_id)
    notes = [each.name for each in world.transcript.after() if each.direction == "note"]
    for number, plain in enumerate(row.inject, 1):
        assert any(note.startswith(f"fault {number}: {plain['action']} at") for note in notes)


def trade(world: World, client_id: int) -> None:
    """A session that asks for a bit of everything, as far as the gateway lets it."""
    show(world, "99.99", "100.01")
    if not world.is_listening:
        world.advance(86_400)
    connection = world.connect(f"test:{client_id}")
    world.receive(connection, b"API\0" + frame(b"v178..178"))
    for request in (StartApi(client_id), *REQUESTS_OF_A_DAY):
        world.receive(connection, frame(join_fields(REQUESTS.encode(request, 178))))
        connection.data_to_send()
    show(world, "98.99", "99.01")
    world.advance(70)
    connection.data_to_send()
    world.disconnect(connection)


BRACKET = (replace(LIMIT, transmit=False), replace(STOP, parent_id=3))
REQUESTS_OF_A_DAY = (
    RequestIds(),
    RequestContractData(1, AAPL),
    RequestHeadTimestamp(2, AAPL, False, True, "TRADES", 1),
    RequestHistoricalData(3, AAPL, False, "", "1 hour", "1 D", True, "TRADES", 1),
    RequestMarketData(4, AAPL),
    RequestPositions(),
    RequestAccountUpdates(True, "DU9000001"),
    PlaceOrder(1, AAPL, LIMIT),
    PlaceOrder(2, AAPL, MARKET),
    PlaceOrder(3, AAPL, BRACKET[0]),
    PlaceOrder(4, AAPL, BRACKET[1]),
    CancelOrder(1, ""),
    CancelOrder(99, ""),
    RequestExecutions(5, ExecutionFilter()),
    RequestAllOpenOrders(),
    RequestCompletedOrders(False),
)


def test_every_action_stands_in_the_catalogue() -> None:
    assert {plain["action"] for row in HAD for plain in row.inject} == ACTIONS.keys()


def test_the_docs_are_the_table() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), (
        "run `python -m simulator.faults.catalogue > docs/faults.md` and look at the difference"
    )
