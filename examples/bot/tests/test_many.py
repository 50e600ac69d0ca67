"""Two hundred tests, each with a gateway of its own: no port, file or id in common."""

import pytest


@pytest.mark.parametrize("lot", range(1, 201))
def test_each_gateway_has_only_its_own_orders(bot, until, ib_gateway, lot):
    ib_gateway.move_cash(lot)
    ib_gateway.quote("AAPL", bid=99.98, ask=100, ask_size=1000)
    until(lambda: bot.trade and bot.trade.isDone())
    assert ib_gateway.position("AAPL") == 5
    assert ib_gateway.valuation(ib_gateway.account).cash["USD"] < 1_000_000 - 500 + lot
    ib_gateway.assert_received("PlaceOrder", count=1)
