"""The gateway of the pytest plugin with each library: on a loop, or in threads of its own."""

from __future__ import annotations

import asyncio

import pytest

from .sessions import limit


@pytest.mark.ib_gateway(fill_model="scripted")
async def test_an_order_is_awaited_and_filled(connect, ib_gateway):
    """Red if a verb does not see what a thread of the library has sent."""
    session = await connect(client_id=4, port=ib_gateway.port)
    order_id = session.place(limit("90.00", quantity=5))
    await asyncio.to_thread(
        ib_gateway.wait_until_received, "PlaceOrder", client_id=4, limit_price=90
    )
    ib_gateway.fill((4, order_id), quantity=5, price=89.5)
    await session.calls.one("commissionReport")
    assert ib_gateway.position("AAPL") == 5


async def test_it_goes_away_and_comes_back(connect, ib_gateway, complaints):
    complaints.expect("Peer closed connection", "Socket disconnect", "1100|502|504|507")
    session = await connect(client_id=4, port=ib_gateway.port)
    ib_gateway.stop()
    await session.calls.until(lambda: not session.api.isConnected(), "the end of the connection")
    ib_gateway.start()
    again = await connect(client_id=4, port=ib_gateway.port)
    again.place(limit("90.00"))
    await again.settle()
    ib_gateway.assert_received("PlaceOrder", client_id=4)
