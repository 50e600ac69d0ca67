"""What an advisor trades for a group. Red: a share nobody has, an account that pays for another."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from journals import an_order

from simulator.broker import Executed
from simulator.broker.sharing import resized, to_come
from simulator.messages.account import PortfolioValue, RequestAccountUpdates
from simulator.messages.connection import ErrorMessage
from simulator.messages.login import ReplaceAdvisorData
from simulator.messages.orders import (
    CancelOrder,
    CommissionReport,
    ExecutionData,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
    RequestExecutions,
)
from simulator.records import Contract, ExecutionFilter, Order
from simulator.world import World, WorldSettings

ADVISOR, ONE, TWO, THREE = ACCOUNTS = ("DF9000000", "DU9000001", "DU9000002", "DU9000003")
AAPL_ID = 265598
FEE = D("1.00015")
"""The least that an order of fifty shares costs."""

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
BUY = Order(action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D(100), tif="DAY")
GROUPS = """<ListOfGroups>
<Group><name>Two</name><ListOfAccts varName="list"><String>DU9000001</String>
<String>DU9000002</String></ListOfAccts><defaultMethod>Equal</defaultMethod></Group>
<Group><name>Parts</name><ListOfAccts varName="list">
<Account><acct>DU9000001</acct><amount>50</amount></Account>
<Account><acct>DU9000002</acct><amount>30</amount></Account>
<Account><acct>DU9000003</acct><amount>20</amount></Account>
</ListOfAccts><defaultMethod>Percent</defaultMethod></Group></ListOfGroups>"""
PROFILES = """<ListOfAllocationProfiles><AllocationProfile><name>Old</name><type>2</type>
<ListOfAllocations varName="listOfAllocations">
<Allocation><acct>DU9000001</acct><amount>1.0</amount></Allocation>
<Allocation><acct>DU9000003</acct><amount>3.0</amount></Allocation>
</ListOfAllocations></AllocationProfile></ListOfAllocationProfiles>"""


def settings(**changes) -> WorldSettings:
    return WorldSettings(seed=7, clock="manual", accounts=ACCOUNTS, server_version=178, **changes)


def quote(world: World, ask_size: int, price: str = "100") -> None:
    world.set_quote("AAPL", bid=D(price) - 1, ask=D(price), ask_size=D(ask_size))


@pytest.fixture
def world() -> World:
    world = World(settings())
    quote(world, 1000)
    return world


@pytest.fixture
def advisor(join, world):
    client = join(world=world, version=176)
    client.send(ReplaceAdvisorData(1, GROUPS, 1), ReplaceAdvisorData(2, PROFILES, 2))
    return client


def of_group(group: str, **changes) -> Order:
    return replace(BUY, fa_group=group, **changes)


def shares(world: World, con_id: int = AAPL_ID) -> dict[str, int]:
    held = ((a, ledger.positions.get(con_id)) for a, ledger in world.broker.ledgers.items())
    return {a: int(p.quantity) for a, p in held if p is not None and p.quantity}


def executions(replies) -> list[tuple[str, int]]:
    return [
        (r.execution.account, int(r.execution.shares))
        for r in replies
        if isinstance(r, ExecutionData)
    ]


def codes(replies) -> list[int]:
    return [reply.code for reply in replies if isinstance(reply, ErrorMessage)]


def last_status(replies) -> tuple[str, D, D]:
    status = [r for r in replies if isinstance(r, OrderStatus)][-1]
    return status.status, status.filled, status.remaining


def test_one_order_is_filled_once_and_booked_to_each_account(world, advisor) -> None:
    replies = advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))
    assert executions(replies) == [(ADVISOR, 100), (ONE, 50), (TWO, 30), (THREE, 20)]
    assert last_status(replies) == ("Filled", 100, 0)
    assert shares(world) == {ONE: 50, TWO: 30, THREE: 20}


def test_the_parts_of_a_fill_are_counted_in_their_ids(advisor) -> None:
    replies = advisor.send(PlaceOrder(1, AAPL, of_group("Two")))
    ids = [r.execution.exec_id for r in replies if isinstance(r, ExecutionData)]
    assert len({exec_id.split(".")[1] for exec_id in ids}) == 1
    assert [exec_id.split(".")[2] for exec_id in ids] == ["01", "02", "03"]


def test_each_account_pays_its_own_commission_and_minimum(world, advisor) -> None:
    replies = advisor.send(PlaceOrder(1, AAPL, of_group("Two")))
    fees = [r.commission for r in replies if isinstance(r, CommissionReport)]
    assert fees == [0, FEE, FEE]
    cash = {account: ledger.cash["USD"] for account, ledger in world.broker.ledgers.items()}
    spent = {account: 1_000_000 - amount for account, amount in cash.items()}
    assert spent == {ADVISOR: 0, ONE: 5000 + FEE, TWO: 5000 + FEE, THREE: 0}
    assert [r.state.commission for r in replies if isinstance(r, OpenOrder)][-1] == 2 * FEE


def test_partial_fills_add_up_to_the_shares_of_the_whole(world, advisor) -> None:
    quote(world, 0)
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts", total_quantity=D(10))))
    for size in (1, 3, 3):
        quote(world, size)
    assert sum(shares(world).values()) == 7
    quote(world, 100)
    assert shares(world) == {ONE: 5, TWO: 3, THREE: 2}
    assert last_status(advisor.read()) == ("Filled", 10, 0)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"fa_group": "Parts", "fa_method": "Equal"}, {ONE: 34, TWO: 33, THREE: 33}),
        ({"fa_group": "Old"}, {ONE: 25, THREE: 75}),
        ({"fa_profile": "Old"}, {ONE: 25, THREE: 75}),
        ({"fa_group": "All", "fa_method": "EqualQuantity"}, {ONE: 34, TWO: 33, THREE: 33}),
        ({"fa_group": "Two", "fa_method": "NetLiq"}, {ONE: 25, TWO: 75}),
        ({"fa_group": "Two", "fa_method": "AvailableEquity"}, {ONE: 25, TWO: 75}),
    ],
)
def test_the_method_decides_who_gets_how_much(world, advisor, terms, expected) -> None:
    world.gateway.orders.publish(
        world.broker.move_cash(TWO, "USD", D(2_000_000), world.clock.now_ms())
    )
    replies = advisor.send(PlaceOrder(1, AAPL, replace(BUY, **terms)))
    assert not codes(replies)
    assert shares(world) == expected


def test_a_percentage_changes_what_is_held_and_makes_the_size(world, advisor) -> None:
    advisor.send(PlaceOrder(1, AAPL, replace(BUY, account=ONE, total_quantity=D(100))))
    advisor.send(PlaceOrder(2, AAPL, replace(BUY, account=TWO, total_quantity=D(51))))
    sale = {"action": "SELL", "limit_price": D(99), "total_quantity": None}
    change = of_group("Two", fa_method="PctChange", fa_percentage="-50", **sale)
    replies = advisor.send(PlaceOrder(3, AAPL, change))
    opened = next(r for r in replies if isinstance(r, OpenOrder))
    assert opened.order.total_quantity == 75
    assert last_status(replies) == ("Filled", 75, 0)
    assert shares(world) == {ONE: 50, TWO: 26}


def test_a_percentage_of_nothing_is_rejected(world, advisor) -> None:
    change = of_group("Two", fa_method="PctChange", fa_percentage="50", total_quantity=None)
    replies = advisor.send(PlaceOrder(1, AAPL, change))
    assert codes(replies) == [201]
    assert not world.broker.live_orders()


def test_an_account_that_cannot_pay_its_share_refuses_the_whole(world, advisor) -> None:
    world.gateway.orders.publish(
        world.broker.move_cash(THREE, "USD", D(-999_999), world.clock.now_ms())
    )
    assert codes(advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))) == [201]
    assert shares(world) == {}
    assert not codes(advisor.send(PlaceOrder(2, AAPL, of_group("Two"))))


def test_an_open_order_shows_its_group_and_shares_but_no_account(advisor) -> None:
    order = of_group("Parts", limit_price=D(90))
    opened = next(r for r in advisor.send(PlaceOrder(1, AAPL, order)) if isinstance(r, OpenOrder))
    assert (opened.order.account, opened.order.fa_group) == ("", "Parts")
    assert opened.order.shares_allocation == (
        f"{opened.perm_id}.0/DU9000001/50,DU9000002/30,DU9000003/20"
    )


def test_a_smaller_order_takes_from_all_shares(world, advisor) -> None:
    quote(world, 10)
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))
    smaller = of_group("Parts", total_quantity=D(60))
    replies = advisor.send(PlaceOrder(1, AAPL, smaller))
    assert last_status(replies) == ("Submitted", 10, 50)
    quote(world, 100)
    assert shares(world) == {ONE: 30, TWO: 18, THREE: 12}


def test_what_is_given_up_goes_by_what_each_account_is_still_to_get() -> None:
    order = an_order(1, shares=((ONE, D(50)), (TWO, D(50))), filled=D(20))
    got = {ONE: D(20)}
    assert to_come(order, got) == ((ONE, 30), (TWO, 50))
    assert resized(order, D(60), got).shares == ((ONE, 35), (TWO, 25))


def test_a_new_price_keeps_the_shares(world, advisor) -> None:
    quote(world, 7)
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts", fa_method="NetLiq")))
    quote(world, 1000, "101")
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts", fa_method="NetLiq", limit_price=D(101))))
    assert shares(world) == {ONE: 34, TWO: 33, THREE: 33}


def test_what_was_filled_stays_when_the_rest_is_cancelled(world, advisor) -> None:
    quote(world, 10)
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))
    assert 202 in codes(advisor.send(CancelOrder(1)))
    assert shares(world) == {ONE: 5, TWO: 3, THREE: 2}


def test_executions_are_asked_for_by_account(advisor) -> None:
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))
    asked = ExecutionFilter(account=TWO)
    assert executions(advisor.send(RequestExecutions(9, asked))) == [(TWO, 30)]


def test_the_portfolio_of_each_account_is_told(advisor) -> None:
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))
    replies = advisor.send(RequestAccountUpdates(subscribe=True, account=TWO))
    (item,) = [r for r in replies if isinstance(r, PortfolioValue)]
    assert (item.account, item.position) == (TWO, 30)


def test_a_group_in_which_the_advisor_has_a_share_has_no_other_whole(join) -> None:
    """Accounts that are linked have no advisor: the first is one like the others."""
    world = World(replace(settings(), accounts=(ONE, TWO)))
    quote(world, 1000)
    client = join(world=world)
    replies = client.send(PlaceOrder(1, AAPL, of_group("All", fa_method="Equal")))
    assert executions(replies) == [(ONE, 50), (TWO, 50)]
    assert last_status(replies) == ("Filled", 100, 0)
    assert shares(world) == {ONE: 50, TWO: 50}


def test_a_busted_share_leaves_the_order_and_the_others_as_they_are(world, advisor) -> None:
    advisor.send(PlaceOrder(1, AAPL, of_group("Parts")))
    share = next(e for e in world.broker.executions if e.execution.account == TWO)
    world.broker.revise(share, quantity=D(0), price=D(0), now_ms=world.clock.now_ms())
    assert shares(world) == {ONE: 50, THREE: 20}
    (order,) = world.broker.orders()
    assert order.filled == 100


def test_shares_go_on_after_a_restart(tmp_path, join) -> None:
    """What the accounts have got is read from the executions of the journal."""
    world = World(settings(state=tmp_path / "state"))
    quote(world, 7)
    client = join(world=world)
    client.send(ReplaceAdvisorData(1, GROUPS, 1))
    client.send(PlaceOrder(1, AAPL, of_group("Parts", total_quantity=D(10), tif="GTC")))
    assert sum(shares(world).values()) == 7
    world.close()
    again = World(settings(state=tmp_path / "state"))
    quote(again, 100)
    assert shares(again) == {ONE: 5, TWO: 3, THREE: 2}
    assert all(isinstance(e, Executed) for e in again.broker.executions)
    again.close()


def test_a_preview_for_a_group_is_that_of_its_accounts_together(advisor) -> None:
    (alone,) = advisor.send(
        PlaceOrder(1, AAPL, replace(BUY, account=ONE, total_quantity=D(50), what_if=True))
    )
    (together,) = advisor.send(PlaceOrder(1, AAPL, of_group("Two", what_if=True)))
    assert together.state.init_margin_change == 2 * alone.state.init_margin_change
    assert together.state.equity_with_loan_before == 2_000_000
