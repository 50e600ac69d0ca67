"""Idempotency keys, as the mock keeps them: one key, one order, whatever is asked again."""

import pytest

from ibkr.errors import (
    ErrorCode,
    IdempotencyConflict,
    InvalidOrder,
    OrderNotFound,
    OrderRejected,
    OrderStateUnknown,
)
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract, Order

AAPL = Contract.stock("AAPL")
FAR = Order.limit("BUY", 10, 100)


@pytest.fixture
async def mock():
    client = MockIBKRClient()
    await client.connect()
    return client


async def test_the_same_key_and_body_give_the_same_order_and_send_nothing(mock):
    first = await mock.place_order(AAPL, FAR, key="k")
    assert first.key == "k"
    assert await mock.place_order(AAPL, FAR, key="k") == first
    assert mock.metrics.orders_total == 1
    mock.fill_order(first.order_id)
    again = await mock.place_order(AAPL, FAR, key="k")
    assert (again.filled, mock.order_by_key("k")) == (10, again)


async def test_no_key_is_no_promise(mock):
    first = await mock.place_order(AAPL, FAR)
    second = await mock.place_order(AAPL, FAR)
    assert first.key is None
    assert first.order_id != second.order_id


@pytest.mark.parametrize(
    ("contract", "order"),
    [(AAPL, Order.limit("BUY", 11, 100)), (Contract.stock("MSFT"), FAR)],
    ids=["another order", "another contract"],
)
async def test_another_body_under_a_known_key_is_a_conflict(mock, contract, order):
    first = await mock.place_order(AAPL, FAR, key="k")
    with pytest.raises(IdempotencyConflict, match=r"'k'.*new key") as caught:
        await mock.place_order(contract, order, key="k")
    assert caught.value.code is ErrorCode.IDEMPOTENCY_CONFLICT
    assert caught.value.order_id == first.order_id
    assert mock.metrics.orders_total == 1


async def test_a_rejected_order_stays_rejected_under_its_key(mock):
    mock.reject_next_order(201, "no funds")
    for _ in range(2):
        with pytest.raises(OrderRejected, match="no funds"):
            await mock.place_order(AAPL, FAR, key="k")
    assert mock.metrics.orders_total == 1


async def test_an_order_in_doubt_is_listed_until_its_fate_is_known(mock):
    mock.leave_next_order_unanswered()
    for _ in range(2):
        with pytest.raises(OrderStateUnknown):
            await mock.place_order(AAPL, FAR, key="k")
    (doubted,) = mock.in_doubt()
    assert (doubted.key, mock.order_by_key("k")) == ("k", doubted)
    mock.fill_order(doubted.order_id)
    assert mock.in_doubt() == ()
    assert (await mock.place_order(AAPL, FAR, key="k")).filled == 10


async def test_a_key_nothing_was_sent_under_is_not_found(mock):
    with pytest.raises(OrderNotFound, match="'k'"):
        mock.order_by_key("k")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb"])
async def test_a_key_that_is_none_is_refused(mock, key):
    with pytest.raises(InvalidOrder, match="use 1 to 255 printable characters") as caught:
        await mock.place_order(AAPL, FAR, key=key)
    assert caught.value.field == "key"
    assert mock.metrics.orders_total == 0
