"""Orders over TCP, told callback by callback, in the sequences of captured gateways."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from simulator import records as r

from .sessions import limit, market

RESTING = [("open", "Submitted", None), ("status", "Submitted", 0, 100)]
CANCELLED = [("status", "Cancelled", 0, 100), ("error", 202)]


@pytest.mark.parametrize(
    ("action", "first", "price", "commission"),
    [("BUY", "PreSubmitted", 100.01, 1.0003), ("SELL", "Submitted", 99.99, 1.225779)],
)
async def test_a_market_order_is_filled_at_the_touch(connect, action, first, price, commission):
    """A sale of stock also pays what the SEC and FINRA take."""
    session = await connect()
    order_id = session.place(market(action))
    await session.calls.one("commissionReport")
    assert session.story() == [
        ("open", first, None),
        ("status", first, 0, 100),
        ("execution", 100, price),
        ("open", "Filled", None),
        ("status", "Filled", 100, 0),
        ("open", "Filled", commission),
        ("status", "Filled", 100, 0),
        ("commission", commission),
    ]
    execution = session.calls.of("execDetails", -1)[0][2]
    assert (execution.orderId, execution.clientId) == (order_id, 1)
    assert execution.side == {"BUY": "BOT", "SELL": "SLD"}[action]
    assert (execution.cumQty, execution.avgPrice, execution.acctNumber) == (
        100,
        price,
        "DU9000001",
    )
    (report,) = session.calls.of("commissionReport")[0]
    assert (report.execId, report.currency) == (execution.execId, "USD")


async def test_a_fill_takes_no_more_than_is_displayed(connect, sim):
    """Red if size is filled twice from one quote, or the minimum commission is charged twice."""
    session = await connect()
    show(sim, ask_size="40")
    session.place(limit("100.01", quantity=100))
    await session.calls.some(1, "commissionReport")
    show(sim, ask_size="60")
    await session.calls.some(2, "commissionReport")
    assert session.story() == [
        ("open", "Submitted", None),
        ("status", "Submitted", 0, 100),
        ("execution", 40, 100.01),
        ("open", "Submitted", None),
        ("status", "Submitted", 40, 60),
        ("open", "Submitted", 1.00012),
        ("status", "Submitted", 40, 60),
        ("commission", 1.00012),
        ("execution", 60, 100.01),
        ("open", "Filled", 1.00012),
        ("status", "Filled", 100, 0),
        ("open", "Filled", 1.0003),
        ("status", "Filled", 100, 0),
        ("commission", 0.00018),
    ]


async def test_two_orders_share_what_one_quote_displays(connect, sim):
    """Red if size that one order took is there again for the next."""
    session = await connect()
    show(sim, ask_size="60")
    first = session.place(market(quantity=40))
    second = session.place(market(quantity=40))
    await session.calls.some(2, "commissionReport")
    await session.settle()
    fills = [(fill.orderId, fill.shares) for _, _, fill in session.calls.of("execDetails")]
    assert fills == [(first, 40), (second, 20)]


def show(sim, *, ask_size: str, ask: str = "100.01") -> None:
    sim.world.set_quote("AAPL", bid=Decimal("99.99"), ask=Decimal(ask), ask_size=Decimal(ask_size))


async def test_a_limit_order_rests_until_the_market_comes(connect, sim):
    session = await connect()
    session.place(limit("99.00"))
    await session.settle()
    assert session.story() == RESTING
    sim.world.set_quote("AAPL", bid=Decimal("98.90"), ask=Decimal("98.95"))
    await session.calls.one("commissionReport")
    assert ("execution", 100, 99.0) in session.story()


async def test_a_resting_order_is_modified_and_cancelled(connect, complaints):
    complaints.expect("Error 202")  # an error for ib_async, a warning for ib_insync
    session = await connect()
    order_id = session.place(limit("90.00"))
    session.place(limit("91.00", quantity=100), order_id=order_id)
    await session.settle()
    assert session.story() == RESTING * 2
    assert [order.lmtPrice for _, _, order, _ in session.calls.of("openOrder")] == [90.0, 91.0]
    session.calls.clear()
    session.cancel(order_id)
    await session.calls.one("error", order_id, 202)
    assert session.story() == CANCELLED


async def test_a_global_cancel_takes_every_order(connect, complaints):
    complaints.expect("Error 202")
    session = await connect()
    ids = [session.place(limit("90.00")), session.place(limit("110.00", "SELL"))]
    await session.settle()
    session.calls.clear()
    session.cancel_all()
    await session.calls.some(2, "orderStatus")
    await session.settle()
    assert session.story() == CANCELLED * 2
    assert [args[0] for args in session.calls.of("orderStatus")] == ids


async def test_an_immediate_or_cancel_order_does_not_rest(connect, sim, complaints):
    complaints.expect("Error 202")
    session = await connect()
    show(sim, ask_size="40")
    session.place(limit("100.01", tif="IOC"))
    await session.calls.until(lambda: ("error", 202) in session.story(), "the cancel")
    assert session.story()[-2:] == [("status", "Cancelled", 40, 60), ("error", 202)]


async def test_an_unknown_order_cannot_be_cancelled(connect, complaints):
    complaints.expect("Error 10147")
    session = await connect()
    session.cancel(4711)
    _, _, text, *_ = await session.calls.one("error", 4711, 10147)
    assert text == "OrderId 4711 that needs to be cancelled is not found."


async def test_a_done_order_cannot_be_cancelled(connect, complaints):
    complaints.expect("Error 10148")
    session = await connect()
    order_id = session.place(market())
    await session.calls.one("commissionReport")
    session.cancel(order_id)
    _, _, text, *_ = await session.calls.one("error", order_id, 10148)
    assert text.endswith("state: Filled.")


async def test_an_order_id_cannot_be_used_again(connect, complaints):
    """An id below the last one used counts as a duplicate."""
    complaints.expect("Error 103", "Error 104")
    session = await connect()
    first = session.new_id()
    order_id = session.place(market())
    await session.calls.one("commissionReport")
    session.place(market(), order_id=first)
    session.place(market(), order_id=order_id)
    await session.calls.one("error", first, 103)
    await session.calls.one("error", order_id, 104)
    assert len(session.calls.of("execDetails")) == 1


REJECTED = {
    "unknown type": (market(order_type="XYZ"), 321),
    "type without a paper market": (market(order_type="PEG MKT"), 387),
    "stop without a stop price": (market(order_type="STP"), 403),
    "no size": (market(quantity=0), 434),
    "half a share": (replace(market(), total_quantity=Decimal("0.5")), 10243),
    "bad tick": (limit("90.005"), 110),
    "no limit": (market(order_type="LMT"), 107),
    "bad account": (market(account="DU1"), 201),
    "bad time in force": (market(tif="SOON"), 10052),
    "attribute of other types": (market(discretionary_amount=Decimal("0.10")), 325),
    "attribute not modelled": (limit("90.00", scale_table="0.1;100"), 10340),
    "what if, not to be transmitted": (limit("90.00", what_if=True, transmit=False), 413),
}


@pytest.mark.parametrize(("order", "code"), REJECTED.values(), ids=REJECTED)
async def test_a_refused_order_gets_its_error_and_nothing_else(
    connect, sim, complaints, order, code
):
    complaints.expect(f"(Error|Warning) {code}")
    session = await connect()
    order_id = session.place(order)
    await session.calls.one("error", order_id, code)
    await session.settle()
    assert session.story() == [("error", code)]
    assert list(sim.world.broker.orders()) == []


async def test_an_unknown_contract_cannot_be_traded(connect, complaints):
    complaints.expect("Error 200")
    session = await connect()
    nothing = r.Contract(symbol="NOPE", sec_type="STK", exchange="SMART", currency="USD")
    order_id = session.place(market(), nothing)
    await session.calls.one("error", order_id, 200)
    await session.settle()
    assert session.story() == [("error", 200)]


async def test_the_numbers_of_an_order_are_echoed(connect):
    """Red if the echo of an order loses or changes what was sent."""
    session = await connect()
    order_id = session.place(limit("90.50", quantity=7, order_ref="mine", tif="GTC"))
    _, contract, order, state = await session.calls.one("openOrder", order_id)
    assert (contract.symbol, contract.conId, contract.exchange) == ("AAPL", 265598, "SMART")
    assert (order.action, order.orderType, order.lmtPrice) == ("BUY", "LMT", 90.5)
    assert (order.totalQuantity, order.orderRef, order.tif) == (7, "mine", "GTC")
    assert (order.account, order.clientId, state.status) == ("DU9000001", 1, "Submitted")
    assert order.permId > 0
