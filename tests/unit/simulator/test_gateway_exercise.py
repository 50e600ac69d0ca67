"""Instructions for options held: options vanish, the underlying comes at the strike, once."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.messages.connection import ErrorMessage
from simulator.messages.contracts import ContractData, RequestContractData
from simulator.messages.options import OptionParameters, RequestOptionParameters
from simulator.messages.orders import (
    CancelOrder,
    ExecutionData,
    ExerciseOptions,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
    RequestGlobalCancel,
)
from simulator.records import Contract, Order

ACCOUNT = "DU9000001"
AAPL_ID = 265598
BUY_TWO = Order(action="BUY", total_quantity=D(2), order_type="MKT", tif="DAY")
A_NIGHT_S = 86_400


def chain(client, con_id: int, symbol: str, sec_type: str) -> OptionParameters:
    replies = client.send(RequestOptionParameters(1, symbol, "", sec_type, con_id))
    chains = [reply for reply in replies if isinstance(reply, OptionParameters)]
    return next(c for c in chains if c.exchange == "SMART")


def option_on(client, con_id=AAPL_ID, symbol="AAPL", sec_type="STK", right="C") -> Contract:
    """A listed option at some strike, with two of it bought."""
    found = chain(client, con_id, symbol, sec_type)
    wanted = Contract(
        symbol=symbol,
        sec_type="OPT",
        exchange="SMART",
        currency="USD",
        last_trade_date=found.expirations[-1],
        strike=sorted(found.strikes)[len(found.strikes) // 2],
        right=right,
        trading_class=found.trading_class,
    )
    data = client.send(RequestContractData(2, wanted))[0]
    assert isinstance(data, ContractData)
    return data.details.contract


def hold(client, world, option: Contract) -> None:
    world.set_quote(option.local_symbol, bid=D("4.90"), ask=D("5.00"), ask_size=D(50))
    replies = client.send(PlaceOrder(1, option, BUY_TWO))
    assert any(isinstance(reply, ExecutionData) for reply in replies)


def price(world, name: str, value: D) -> None:
    world.set_quote(name, bid=value, ask=value, last=value)


def exercise(client, option: Contract, **changes) -> list:
    request = ExerciseOptions(9, option, 1, 2, ACCOUNT, override=False)
    return client.send(replace(request, **changes))


def position(world, con_id: int) -> D:
    held = world.broker.ledgers[ACCOUNT].positions.get(con_id)
    return held.quantity if held else D(0)


def codes(replies) -> list[int]:
    return [reply.code for reply in replies if isinstance(reply, ErrorMessage)]


def statuses(replies) -> list[tuple[int, str]]:
    return [(r.order_id, r.status) for r in replies if isinstance(r, OrderStatus)]


@pytest.fixture
def call(client, world) -> Contract:
    """Two calls, ten dollars in the money."""
    option = option_on(client)
    hold(client, world, option)
    price(world, "AAPL", option.strike + 10)
    return option


def test_an_exercise_works_as_an_order_until_the_night(client, world, call) -> None:
    replies = exercise(client, call)
    assert not codes(replies)
    shown = next(reply for reply in replies if isinstance(reply, OpenOrder))
    assert (shown.order_id, shown.order.action, shown.order.order_type) == (9, "BUY", "LMT")
    assert statuses(replies) == [(9, "PreSubmitted")]
    assert position(world, AAPL_ID) == 0


def test_over_night_calls_become_shares_at_the_strike(client, world, call) -> None:
    exercise(client, call)
    cash = world.broker.ledgers[ACCOUNT].cash["USD"]
    world.advance(A_NIGHT_S)
    replies = client.read()
    assert (9, "Filled") in statuses(replies)
    assert position(world, call.con_id) == 0
    assert position(world, AAPL_ID) == 200
    assert world.broker.ledgers[ACCOUNT].cash["USD"] == cash - 200 * call.strike
    executions = [r.execution for r in replies if isinstance(r, ExecutionData)]
    assert [(e.side, e.shares, e.price) for e in executions] == [
        ("SLD", D(2), D(0)),
        ("BOT", D(200), call.strike),
    ]


def test_puts_sell_shares_at_the_strike(client, world) -> None:
    put = option_on(client, right="P")
    hold(client, world, put)
    price(world, "AAPL", put.strike - 10)
    exercise(client, put)
    world.advance(A_NIGHT_S)
    assert position(world, put.con_id) == 0
    assert position(world, AAPL_ID) == -200


def test_index_options_are_worth_their_parity_in_cash(client, world) -> None:
    option = option_on(client, 416904, "SPX", "IND")
    hold(client, world, option)
    price(world, "SPX", option.strike + 10)
    cash = world.broker.ledgers[ACCOUNT].cash["USD"]
    exercise(client, option)
    world.advance(A_NIGHT_S)
    assert position(world, option.con_id) == 0
    assert position(world, 416904) == 0
    assert world.broker.ledgers[ACCOUNT].cash["USD"] == cash + 2 * 100 * 10


def test_lapsed_options_vanish_and_deliver_nothing(client, world, call) -> None:
    exercise(client, call, action=2)
    world.advance(A_NIGHT_S)
    assert position(world, call.con_id) == 0
    assert position(world, AAPL_ID) == 0


def test_out_of_the_money_is_ignored_unless_overridden(client, world, call) -> None:
    price(world, "AAPL", call.strike - 10)
    (error,) = exercise(client, call)
    assert (error.id, error.code) == (9, 322)
    assert error.text == (
        "Error processing request.Exercise ignored because option is not in-the-money."
    )
    assert statuses(exercise(client, call, override=True)) == [(9, "PreSubmitted")]


def test_no_more_than_is_held_can_be_exercised(client, call) -> None:
    assert codes(exercise(client, call, quantity=3)) == [322]
    assert statuses(exercise(client, call, quantity=1)) == [(9, "PreSubmitted")]
    assert codes(exercise(client, call, quantity=2, req_id=10)) == [322]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": 3}, 321),
        ({"quantity": 0}, 321),
        ({"account": "DU404"}, 321),
        ({"contract": Contract(symbol="AAPL", sec_type="STK", exchange="SMART")}, 200),
        ({"req_id": 1}, 103),
    ],
)
def test_a_wrong_instruction_is_refused(client, call, changes, code) -> None:
    assert codes(exercise(client, call, **changes)) == [code]


@pytest.mark.parametrize("request_", [CancelOrder(9), RequestGlobalCancel()])
def test_an_instruction_can_be_cancelled_until_the_night(client, world, call, request_) -> None:
    exercise(client, call)
    replies = client.send(request_)
    assert (9, "Cancelled") in statuses(replies)
    world.advance(A_NIGHT_S)
    assert position(world, call.con_id) == 2
    assert position(world, AAPL_ID) == 0


def test_options_sold_before_the_night_are_not_exercised(client, world, call) -> None:
    exercise(client, call)
    sell = replace(BUY_TWO, action="SELL")
    assert (2, "Filled") in statuses(client.send(PlaceOrder(2, call, sell)))
    world.advance(A_NIGHT_S)
    replies = client.read()
    assert codes(replies) == [322, 202]
    assert (9, "Cancelled") in statuses(replies)
    assert position(world, AAPL_ID) == 0


def test_an_instruction_cannot_be_modified_as_an_order(client, call) -> None:
    exercise(client, call)
    assert codes(client.send(PlaceOrder(9, call, BUY_TWO))) == [105]
