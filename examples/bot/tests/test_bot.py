"""What the bot does when it trades, is refused, is cut off, and when the day ends."""

import pytest


def test_it_buys_five_when_they_are_cheap(bot, until, ib_gateway):
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    until(lambda: bot.trade and bot.trade.isDone())
    ib_gateway.assert_received("PlaceOrder", count=1, symbol="AAPL", action="BUY", limit_price=100)
    assert ib_gateway.position("AAPL") == 5


def test_it_buys_nothing_when_they_are_dear(bot, ib_gateway):
    ib_gateway.quote("AAPL", bid=100.02, ask=100.04)
    bot.ib.sleep(0.01)
    ib_gateway.assert_received("PlaceOrder", count=0)


def test_it_does_not_try_again_when_it_was_rejected(bot, until, ib_gateway):
    ib_gateway.reject_next(201, "No trading permissions.")
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    until(lambda: bot.trade and bot.trade.isDone())
    ib_gateway.quote("AAPL", bid=99.97, ask=99.99)
    bot.ib.sleep(0.01)
    ib_gateway.assert_received("PlaceOrder", count=1)
    ib_gateway.assert_error(201, text="No trading permissions.")


LOST, ANSWER_LOST = "rx(PlaceOrder)#1", "tx(OpenOrder)#1"
"""Where the connection breaks: before the order has arrived, or when it is placed already."""


@pytest.mark.parametrize(("point", "times_sent"), [(LOST, 2), (ANSWER_LOST, 1)])
def test_it_buys_once_when_the_connection_breaks_as_it_orders(
    bot, until, ib_gateway, point, times_sent
):
    ib_gateway.inject("rst", at=point)
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    with pytest.raises(ConnectionError):
        bot.ib.sleep(1)
    bot.start()
    until(lambda: bot.trade and bot.trade.isDone())
    ib_gateway.assert_received("PlaceOrder", count=times_sent)
    assert ib_gateway.position("AAPL") == 5


@pytest.mark.ib_gateway(fill_model="scripted")
def test_it_knows_its_order_again_after_the_nightly_restart(bot, until, ib_gateway):
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    until(lambda: bot.trade)
    ib_gateway.fill(bot.trade, quantity=2, price=100)
    ib_gateway.restart(outage_s=35)
    with pytest.raises(ConnectionError):
        bot.ib.sleep(1)
    ib_gateway.advance(35)
    bot.start()
    assert bot.trade.remaining() == 3
    ib_gateway.quote("AAPL", bid=99.97, ask=99.99)
    bot.ib.sleep(0.01)
    ib_gateway.assert_received("PlaceOrder", count=1)


@pytest.mark.ib_gateway(calendar=True, fill_model="scripted")
def test_its_order_ends_with_the_day(bot, until, ib_gateway):
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    until(lambda: bot.trade)
    ib_gateway.advance_to_session("AAPL")
    until(lambda: bot.trade.orderStatus.status == "Cancelled")
    assert ib_gateway.position("AAPL") == 0
