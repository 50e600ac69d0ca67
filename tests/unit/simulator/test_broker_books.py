"""What the broker writes down and books. Which bug turns these red: money the journal lost."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from brokers import AAPL, MSFT, Trading
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.broker import Broker, BrokerOrder, Corrected, Executed, Instruction
from simulator.records import ComboLeg, ComboLegPrice, Contract

ACCOUNT = "DU9000001"
WEEK_S = 7 * 86_400


@pytest.fixture
def trading() -> Trading:
    return Trading()


def cash(trading: Trading, account: str = ACCOUNT) -> D:
    return trading.broker.ledgers[account].cash["USD"]


def held(trading: Trading, con_id: int) -> D:
    position = trading.broker.ledgers[ACCOUNT].positions.get(con_id)
    return position.quantity if position else D(0)


def restored(trading: Trading) -> Broker:
    """Another broker that read the journal of this one."""
    other = Trading().world
    other.broker.restore(trading.broker.journal, trading.now_ms)
    return other.broker


# --- the journal ---


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 9), st.integers(90, 110)),
        st.tuples(st.just("sell"), st.integers(1, 9), st.integers(90, 110)),
        st.tuples(st.just("quote"), st.integers(1, 9), st.integers(90, 110)),
        st.tuples(st.just("cancel"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("bust"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("cash"), st.integers(-9, 9), st.just(0)),
    ),
    max_size=25,
)


def carry_out(trading: Trading, name: str, size: int, price: int) -> None:
    broker, now_ms = trading.broker, trading.now_ms
    match name:
        case "buy" | "sell":
            trading.place("LMT", **{name: size}, limit_price=str(price))
        case "quote":
            trading.quote(price - 1, price + 1, size=size)
        case "cancel" if (order := broker.order(1, size)) is not None:
            broker.cancel(order, now_ms)
        case "bust" if size <= len(broker.executions):
            bust(trading, broker.executions[size - 1])
        case "cash":
            broker.move_cash(ACCOUNT, "USD", D(size), now_ms)


def bust(trading: Trading, executed: Executed) -> None:
    if executed.execution.shares:
        trading.broker.revise(
            executed, quantity=D(0), price=executed.execution.price, now_ms=trading.now_ms
        )


@settings(max_examples=40)
@given(OPERATIONS)
def test_a_journal_read_back_gives_the_same_orders_books_and_counters(operations) -> None:
    trading = Trading()
    for operation in operations:
        carry_out(trading, *operation)
    before, after = trading.broker, Trading().broker
    after.truth.restore(before.journal)
    assert after.journal == before.journal
    assert after.executions == before.executions
    assert [o.perm_id for o in after.live_orders()] == [o.perm_id for o in before.live_orders()]
    assert list(after.orders()) == list(before.orders())
    assert after.next_order_id(1) == before.next_order_id(1)
    assert after.truth.new_perm_id() == before.truth.new_perm_id()
    for account, ledger in before.ledgers.items():
        assert after.ledgers[account] == ledger


@settings(max_examples=40)
@given(OPERATIONS)
def test_money_and_shares_are_those_of_the_executions(operations) -> None:
    trading = Trading()
    paid_in = D(0)
    for operation in operations:
        carry_out(trading, *operation)
        paid_in += operation[1] if operation[0] == "cash" else 0
    expected, shares = D(1_000_000) + paid_in, D(0)
    for executed in trading.broker.executions:
        signed = executed.execution.shares * (1 if executed.is_purchase else -1)
        shares += signed
        if signed:
            expected -= signed * executed.execution.price + executed.commission
    con_id = trading.world.instrument(AAPL).con_id
    assert cash(trading) == expected
    assert held(trading, con_id) == shares
    for order in trading.broker.orders():
        counted = [e for e in trading.broker.executions if e.order.perm_id == order.perm_id]
        assert order.filled == sum((e.execution.shares for e in counted), D(0)) <= order.quantity


def test_a_broker_that_read_a_journal_goes_on_where_it_ends(trading) -> None:
    """Ids, minimum fees and orders: each as if nothing had happened in between."""
    order = trading.place("LMT", buy=100, limit_price="95")
    stop = trading.place("STP", sell=10, aux_price="80")
    unsent = trading.place("LMT", buy=1, limit_price="50", transmit=False)
    trading.quote(94, 95, size=40)
    other = restored(trading)
    unsent_order = other.order(1, unsent)
    assert unsent_order is not None
    assert unsent_order.status == "Cancelled"
    for broker in (trading.broker, other):
        market = broker.market
        aapl = trading.world.instrument(AAPL)
        quote = market.set_quote(
            aapl, trading.now_ms, bid=D(94), ask=D(95), bid_size=D(30), ask_size=D(30)
        )
        events = broker.show(aapl, quote, trading.now_ms)
        (executed,) = (e for e in events if isinstance(e, Executed))
        assert (executed.order.order_id, executed.execution.shares) == (order, 30)
        assert executed.commission < D("0.01")  # the minimum was paid with the first 40
        assert executed.execution.exec_id.split(".")[1] == "00000002"
        stopped = broker.order(1, stop)
        assert stopped is not None
        assert stopped.status == "PreSubmitted"


# --- executions ---


def test_an_execution_is_found_in_any_of_its_revisions(trading) -> None:
    trading.place("MKT", buy=10)
    (executed,) = trading.broker.executions
    (corrected,) = (
        e
        for e in trading.broker.revise(executed, quantity=D(10), price=D(90), now_ms=trading.now_ms)
        if isinstance(e, Corrected)
    )
    truth = trading.broker.truth
    assert corrected.revises == executed.execution.exec_id
    assert corrected.executed.execution.exec_id.endswith(".02")
    for exec_id in (executed.execution.exec_id, corrected.executed.execution.exec_id):
        assert truth.execution(exec_id) == corrected.executed
    assert truth.execution("1.2.3.4") is None
    assert truth.execution_count == 1


def test_a_correction_moves_the_money_as_if_it_had_always_been_so(trading) -> None:
    trading.place("MKT", buy=10)
    trading.place("MKT", sell=10)
    trading.broker.move_cash(ACCOUNT, "USD", D(-500), trading.now_ms)
    trading.broker.move_cash("DU9000002", "USD", D(700), trading.now_ms)
    before = cash(trading)
    bought = trading.broker.executions[0]
    trading.broker.revise(bought, quantity=D(10), price=D(100), now_ms=trading.now_ms)
    assert cash(trading) == before + 10
    assert cash(trading, "DU9000002") == 1_000_700


def test_the_minimum_fee_is_paid_once_for_an_order(trading) -> None:
    order = trading.place("LMT", buy=300, limit_price="95")
    paid = []
    for size in (100, 100, 100):
        trading.quote(94, 95, size=size)
        paid.append(next(e for e in trading.events if isinstance(e, Executed)).commission)
    assert [round(fee, 2) for fee in paid] == [1, 0, D("0.5")]  # half a cent a share
    assert trading[order].commission == sum(paid)


def test_ids_are_counted_for_each_client(trading) -> None:
    trading.place("MKT", buy=1)
    trading.place("MKT", buy=1)
    broker = trading.broker
    assert [broker.next_order_id(client) for client in (1, 2)] == [3, 1]
    assert broker.order(2, 1) is None
    late = trading.world.instrument(AAPL).contract()
    broker.place(2, 50, late, trading[1].order, trading.now_ms)
    broker.place(2, 7, late, trading[1].order, trading.now_ms)
    assert broker.next_order_id(2) == 51
    first, second, *_ = broker.orders()
    assert second.perm_id == first.perm_id + 1


# --- combinations ---


def test_of_a_combination_the_legs_are_booked_and_the_whole_fills_the_order(trading) -> None:
    legs = [trading.world.instrument(name) for name in (AAPL, MSFT)]
    trading.quote(199, 201, MSFT)
    spread = trading.world.database.find(spread_of(legs))[0].contract()
    order = trading.place("MKT", buy=5, contract=spread)
    whole, *parts = (e for e in trading.events if isinstance(e, Executed))
    assert not whole.is_booked
    assert (whole.execution.shares, whole.commission) == (5, 0)
    assert [(e.instrument.symbol, e.is_purchase) for e in parts] == [(AAPL, True), (MSFT, False)]
    assert trading[order].filled == 5
    assert [held(trading, leg.con_id) for leg in legs] == [5, -5]
    assert cash(trading) == 1_000_000 - sum(
        (e.execution.shares * e.execution.price * (1 if e.is_purchase else -1) + e.commission)
        for e in parts
    )


def test_a_combination_with_prices_of_its_legs_waits_for_each_of_them(trading) -> None:
    legs = [trading.world.instrument(name) for name in (AAPL, MSFT)]
    trading.quote(99, 101)
    trading.quote(199, 201, MSFT)
    spread = trading.world.database.find(spread_of(legs))[0].contract()
    limits = (ComboLegPrice(price=D(100)), ComboLegPrice(price=D(200)))
    order = trading.place("LMT", buy=5, contract=spread, combo_leg_prices=limits)
    trading.quote(97, 99)
    trading.combo_quoted(spread)
    assert trading[order].filled == 0  # one leg is cheap enough, the other not dear enough
    trading.quote(200, 202, MSFT)
    trading.combo_quoted(spread)
    assert trading[order].status == "Filled"
    parts = [e for e in trading.broker.executions if e.is_booked]
    assert [e.execution.price for e in parts] == [99, 200]


def spread_of(legs) -> Contract:
    return Contract(
        symbol="AAPL,MSFT",
        sec_type="BAG",
        exchange="SMART",
        currency="USD",
        combo_legs=tuple(
            ComboLeg(con_id=leg.con_id, ratio=1, action=action, exchange="SMART")
            for leg, action in zip(legs, ("BUY", "SELL"), strict=True)
        ),
    )


# --- options ---


def option(trading: Trading, right: str, days: str = "20250620"):
    wanted = Contract(
        symbol="AAPL",
        sec_type="OPT",
        right=right,
        strike=D(200),
        exchange="SMART",
        last_trade_date=days,
    )
    found = trading.world.database.find(wanted)[0]
    trading.world.market.set_quote(found, trading.now_ms, bid=D(4), ask=D(5))
    return found


def instruct(trading: Trading, what: Instruction, found, quantity: int = 2) -> BrokerOrder:
    events = trading.broker.instruct(
        what,
        found,
        client_id=1,
        order_id=trading.broker.next_order_id(1) + 100,
        account=ACCOUNT,
        quantity=D(quantity),
        now_ms=trading.now_ms,
    )
    return events[0].order


@pytest.mark.parametrize(("right", "price", "shares"), [("C", 210, 200), ("P", 190, -200)])
def test_an_exercise_delivers_at_the_strike_over_night(trading, right, price, shares) -> None:
    trading.quote(price, price + 1)
    found = option(trading, right)
    trading.place("MKT", buy=2, contract=found.contract())
    before = cash(trading)
    order = instruct(trading, Instruction.EXERCISE, found)
    trading.wait(86_400)
    assert trading.broker.truth.orders[order.perm_id].status == "Filled"
    assert held(trading, found.con_id) == 0
    assert held(trading, trading.world.instrument(AAPL).con_id) == shares
    assert cash(trading) == before - shares * 200


def test_lapsed_options_are_gone_for_nothing(trading) -> None:
    trading.quote(210, 211)
    found = option(trading, "C")
    trading.place("MKT", buy=2, contract=found.contract())
    before = cash(trading)
    instruct(trading, Instruction.LAPSE, found)
    trading.wait(86_400)
    assert (held(trading, found.con_id), cash(trading)) == (0, before)


def test_what_was_sold_meanwhile_is_not_exercised(trading) -> None:
    trading.quote(210, 211)
    found = option(trading, "C")
    trading.place("MKT", buy=2, contract=found.contract())
    order = instruct(trading, Instruction.EXERCISE, found)
    trading.place("MKT", sell=1, contract=found.contract())
    trading.wait(86_400)
    after = trading.broker.truth.orders[order.perm_id]
    assert (after.status, held(trading, found.con_id)) == ("Cancelled", 1)
    assert "Exercise/Lapse failed" in after.ending


@pytest.mark.parametrize(("quantity", "shares"), [(1, 100), (-1, -100)])
def test_on_its_last_day_what_is_in_the_money_becomes_shares(trading, quantity, shares) -> None:
    trading.quote(210, 211)
    found = option(trading, "C")
    side = {"buy": 1} if quantity > 0 else {"sell": 1}
    trading.place("MKT", contract=found.contract(), **side)
    resting = trading.place("LMT", buy=1, limit_price="1", contract=found.contract())
    trading.wait(WEEK_S)
    assert held(trading, found.con_id) == 0
    assert held(trading, trading.world.instrument(AAPL).con_id) == shares
    assert trading.status(resting) == ["Cancelled"]


def test_out_of_the_money_it_is_gone(trading) -> None:
    trading.quote(190, 191)
    found = option(trading, "C")
    trading.place("MKT", buy=1, contract=found.contract())
    before = cash(trading)
    trading.wait(WEEK_S)
    assert (held(trading, found.con_id), cash(trading)) == (0, before)


def test_parity_is_what_exercising_gains(trading) -> None:
    trading.quote(209, 211)
    gains = [trading.broker.parity(option(trading, right), trading.now_ms) for right in "CP"]
    assert gains == [10, -10]


# --- money ---


def test_an_order_the_account_cannot_bear_is_inactive_with_the_reason(trading) -> None:
    order = trading.place("MKT", buy=100_000)
    assert trading.status(order) == ["Inactive"]
    assert "Initial Margin" in trading[order].ending
    smaller = replace(trading[order].order, total_quantity=D(10))
    trading.broker.modify(trading[order], smaller, trading.now_ms)
    assert trading.status(order) == ["Filled"]


def test_rates_are_found_over_the_dollar(trading) -> None:
    appraiser, now_ms = trading.broker.appraiser, trading.now_ms
    euro = trading.world.quote("EURUSD").mark
    yen = trading.world.quote("USDJPY").mark
    assert appraiser.rate("EUR", "USD", now_ms) == euro
    assert appraiser.rate("JPY", "USD", now_ms) == 1 / yen
    assert appraiser.rate("XXX", "USD", now_ms) == 1  # nobody quotes it
    assert appraiser.rate("USD", "USD", now_ms) == 1
