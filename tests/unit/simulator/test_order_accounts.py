"""What orders do to accounts, as clients see it: with each fill, correction, payment and expiry.

Documented: positions are pushed with every change, portfolio and values with those that
changed. Executions revised: section 4 of the notes on behaviours, and the API guide (an id
whose last part is one higher). Red: a subscriber who is not told, or told another number
than the books have.
"""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from orders import LIMIT, MARKET, pair, place, show, told

from simulator.messages.account import (
    AccountValue,
    PortfolioValue,
    PositionData,
    RequestAccountUpdates,
    RequestPositions,
)
from simulator.messages.orders import (
    CommissionReport,
    ExecutionData,
    ExerciseOptions,
    PlaceOrder,
    RequestExecutions,
)
from simulator.records import ComboLeg, Contract, ExecutionFilter

ACCOUNT = "DU9000001"


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    show(world, "99.99", "100.01")


@pytest.fixture
def subscribers(join) -> list:
    """Two that hear of the account; neither places orders."""
    both = [join(5), join(6)]
    for client in both:
        client.send(RequestPositions(), RequestAccountUpdates(subscribe=True, account=ACCOUNT))
    return both


def positions(replies) -> list[D]:
    return [reply.position for reply in replies if isinstance(reply, PositionData)]


def rows(replies) -> list[D]:
    return [reply.position for reply in replies if isinstance(reply, PortfolioValue)]


def cash(replies) -> list[D]:
    return [
        D(reply.value)
        for reply in replies
        if isinstance(reply, AccountValue)
        and (reply.key, reply.currency) == ("TotalCashBalance", "USD")
    ]


def revise(world, quantity: int, price: str) -> None:
    """As if the exchange had corrected the last trade."""
    events = world.broker.revise(
        world.broker.executions[-1],
        quantity=D(quantity),
        price=D(price),
        now_ms=world.clock.now_ms(),
    )
    world.gateway.orders.publish(events)


def test_every_subscriber_is_told_of_every_fill(client, world, subscribers) -> None:
    place(client, 1, replace(MARKET, total_quantity=D(80)))
    show(world, "99.99", "100.03")
    for subscriber in subscribers:
        replies = subscriber.read()
        assert positions(replies) == rows(replies) == [D(50), D(80)]
        spent = 50 * D("100.01") + 30 * D("100.03") + D("1.00024")
        assert cash(replies)[-1] == round(1_000_000 - spent, 2)


def test_a_fill_while_away_is_in_what_is_told_on_coming_back(join, world) -> None:
    first = join(1)
    place(first, 1)
    world.disconnect(first.connection)
    show(world, "89.90", "90.00")
    assert positions(join(1).send(RequestPositions())) == [D(1)]


def test_a_corrected_execution_has_the_next_id_and_a_report_of_its_own(client, world) -> None:
    place(client, 1, MARKET)
    (first,) = world.broker.executions
    revise(world, 1, "99.50")
    execution, report = client.read()
    assert isinstance(execution, ExecutionData)
    assert isinstance(report, CommissionReport)
    root, _, revision = execution.execution.exec_id.rpartition(".")
    assert (root, revision) == (first.execution.exec_id.rpartition(".")[0], "02")
    assert (execution.execution.price, report.exec_id) == (
        D("99.5"),
        execution.execution.exec_id,
    )
    assert told(client.send(RequestExecutions(1, ExecutionFilter()))) == [
        "EX 1 1@99.5",
        "CR 1.000003",
        "ExecutionDataEnd",
    ]


def test_a_correction_moves_the_account_and_not_the_order(client, world, subscribers) -> None:
    place(client, 1, replace(MARKET, total_quantity=D(10)))
    before = [cash(subscriber.read())[-1] for subscriber in subscribers]
    revise(world, 10, "99.01")
    after = [cash(subscriber.read())[-1] for subscriber in subscribers]
    assert after == [amount + 10 for amount in before]
    assert world.broker.order(1, 1).status == "Filled"


def test_a_busted_execution_leaves_nothing_held(client, world, subscribers) -> None:
    place(client, 1, MARKET)
    for subscriber in subscribers:
        subscriber.read()
    revise(world, 0, "100.01")
    assert told(client.read()) == ["EX 1 0@100.01", "CR 1.000003"]
    for subscriber in subscribers:
        replies = subscriber.read()
        assert positions(replies) == rows(replies) == [D(0)]
        assert cash(replies) == [D(1_000_000)]


def test_a_leg_that_is_corrected_leaves_the_combination_filled(client, world) -> None:
    options = []
    for strike, bid in (("200", "5.00"), ("210", "2.00")):
        wanted = Contract(symbol="AAPL", sec_type="OPT", right="C", strike=D(strike))
        option = min(world.database.find(wanted), key=lambda found: found.expiry)
        world.set_quote(option.local_symbol, bid=D(bid), ask=D(bid), ask_size=D(9), bid_size=D(9))
        options.append(option)
    legs = tuple(
        ComboLeg(con_id=option.con_id, ratio=1, action=action, exchange="SMART")
        for option, action in zip(options, ("BUY", "SELL"), strict=True)
    )
    bag = Contract(symbol="AAPL", sec_type="BAG", exchange="SMART", currency="USD", combo_legs=legs)
    place(client, 1, replace(LIMIT, limit_price=D("3.50")), bag)
    before = world.broker.order(1, 1)
    revise(world, 0, "2.00")
    after = world.broker.order(1, 1)
    assert (after.filled, after.average_fill_price) == (before.filled, before.average_fill_price)
    held = world.broker.ledgers[ACCOUNT].positions
    assert [held[option.con_id].quantity for option in options] == [1, 0]


def test_money_paid_in_is_told_to_every_subscriber(client, world, subscribers) -> None:
    events = world.broker.move_cash(ACCOUNT, "USD", D(5_000), world.clock.now_ms())
    world.gateway.orders.publish(events)
    for subscriber in subscribers:
        assert cash(subscriber.read()) == [D(1_005_000)]
    assert client.read() == []


# --- options ---


@pytest.fixture
def call(client, world) -> Contract:
    """A call that was bought, ten dollars in the money."""
    wanted = Contract(symbol="AAPL", sec_type="OPT", right="C", strike=D(200))
    option = min(world.database.find(wanted), key=lambda found: found.expiry)
    world.set_quote(option.local_symbol, bid=D("10.00"), ask=D("10.10"), ask_size=D(9))
    client.send(PlaceOrder(1, option.contract(), MARKET))
    show(world, "210.00", "210.02")
    return option.contract()


def test_an_option_that_expires_is_delivered_before_the_eyes_of_all(
    call, join, world, subscribers
) -> None:
    """As trades that no client ordered: they are client 0's to hear of (ours)."""
    zero = join(0)
    world.advance(7 * 86_400)
    words = [word for word in told(zero.read()) if word.startswith("EX")]
    assert words == ["EX 0 OPT 1@0", "EX 0 100@200"]
    for subscriber in subscribers:
        replies = subscriber.read()
        moved = [
            (reply.contract.sec_type, reply.position)
            for reply in replies
            if isinstance(reply, PositionData)
        ]
        assert moved == [("OPT", D(0)), ("STK", D(100))]


def test_an_exercise_is_an_order_that_is_filled_over_night(call, client, world) -> None:
    """What is delivered belongs to no order of the client, and has no id."""
    words = told(client.send(ExerciseOptions(9, call, 1, 1, ACCOUNT, override=False)))
    assert words == pair(9, "PreSubmitted")
    world.advance(86_400)
    words = told(client.read())
    assert words[:3] == ["EX 9 OPT 1@0", *pair(9, "Filled", "1/0")]
    assert "EX 0 100@200" in words


def test_an_exercise_that_fails_is_322_then_cancelled_then_202(call, client, world) -> None:
    """Section 7: of gateways that send it, notice 10349 comes first."""
    client.send(ExerciseOptions(9, call, 1, 1, ACCOUNT, override=False))
    client.send(PlaceOrder(2, call, replace(MARKET, action="SELL")))
    client.read()
    world.advance(86_400)
    assert told(client.read()) == ["322 9", "OS 9 Cancelled 0/1", "202 9"]


def test_newer_gateways_say_which_time_in_force_an_exercise_got(call, join) -> None:
    newer = join(2, 200)
    words = told(newer.send(ExerciseOptions(9, call, 1, 1, ACCOUNT, override=False)))
    assert words == ["10349 9", *pair(9, "PreSubmitted")]
