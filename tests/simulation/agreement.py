"""Mock and simulator side by side: the same deeds, and what their clients say of each.

A deed is done on both; what comes of it, and all a client shows afterwards, is one `Account`.
Ids and times are each side's own, so orders go by the number in which they were sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from steps.memory import eventually
from tiers.mock import MockTier
from tiers.simulator import SimulatorTier
from tiers.stage import SYMBOLS, Tier

from ibkr import (
    CommissionReported,
    Contract,
    IBKRError,
    Order,
    OrderFilled,
    OrderNotFound,
    OrderNotice,
    OrderResult,
    OrderStatus,
)

PLENTY = Decimal(10_000)
WORKING = {OrderStatus.SUBMITTED, OrderStatus.PRE_SUBMITTED}

DIFFERENCES = {
    "matching": "the mock fills no order that rests: quotes here never reach one",
    "triggers": "the mock triggers no stop: quotes here never reach one",
    "ticks": "the mock knows no price increments: prices here are whole cents",
    "sizes": "the mock fills whole orders: more is displayed here than anybody orders",
    "money": "the mock has no account: nobody here orders more than the account can bear",
    "commissions": "the mock charges one amount: that of the smallest order, compared by presence",
    "held": "the mock answers a cancel while the gateway has no IB; a gateway keeps it until then",
    "absence": "the mock knows at once what happens while it is away: compared when it is back",
    "texts": "what is said in words is each side's own: codes are compared",
    "notices": "the mock repeats no routine notice (202 after a cancel): only refusals are",
}
"""All there is, by name; `test_agreement` compares everything else."""

NEWS = {"orders", "in doubt", "told"}
"""What a client may not know while its connection is not ready."""


@dataclass
class Side:
    """One tier, with what its client was told."""

    tier: Tier
    sent: list[int] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    listener: asyncio.Task[None] | None = None

    @property
    def client(self) -> Any:
        return self.tier.client

    async def listen(self) -> None:
        """Hear events from now on; a client that was closed has ended the stream before."""
        if self.listener is not None and not self.listener.done():
            return
        stream = self.client.order_events()

        async def hear() -> None:
            async for event in stream:
                self.events.append(event)

        self.listener = asyncio.create_task(hear())

    def number_of(self, order_id: int) -> int:
        if order_id not in self.sent:
            self.sent.append(order_id)
        return self.sent.index(order_id)

    async def tried(self, work: Awaitable[Any]) -> Any:
        """What a call gives or refuses, in terms that both sides share."""
        try:
            given = await work
        except IBKRError as error:
            self._note_sent(getattr(error, "order_id", None))
            return error.code.name, error.gateway_code
        return self.shown(given) if isinstance(given, OrderResult) else "done"

    def _note_sent(self, order_id: int | None) -> None:
        """An order that was refused has a number too, if it was sent at all."""
        with suppress(OrderNotFound):
            if order_id is not None and self.client.order(order_id):
                self.number_of(order_id)

    def shown(self, order: OrderResult) -> dict[str, Any]:
        return {
            "number": self.number_of(order.order_id),
            "status": order.status.value,
            "filled": order.filled,
            "remaining": order.remaining,
            "price": None
            if order.average_fill_price is None
            else round(order.average_fill_price, 8),
            "why_held": order.why_held,
            "reject_code": order.reject_code,
            "fills": [(f.quantity, f.price, f.commission is not None) for f in order.fills],
            "key": order.key,
        }

    def story(self) -> dict[int, list[Any]]:
        """What was told of each order, in order."""
        told: dict[int, list[Any]] = {}
        for event in self.events:
            match event:
                case OrderNotice(order_id, code, _):
                    if order_id in self.sent and code != 202:
                        told.setdefault(self.number_of(order_id), []).append(("notice", code))
                case OrderFilled(fill, result) | CommissionReported(fill, result):
                    what = type(event).__name__, fill.quantity, fill.price, result.status.value
                    told.setdefault(self.number_of(result.order_id), []).append(what)
                case _:
                    result = event.result
                    what = "status", result.status.value, result.filled, result.why_held
                    told.setdefault(self.number_of(result.order_id), []).append(what)
        return told

    async def account(self) -> dict[str, Any]:
        """All that the client shows."""
        await self.tier.settle()
        await asyncio.sleep(0)
        metrics = self.client.metrics
        return {
            "state": self.client.state.value,
            "orders": [self.shown(self.client.order(order_id)) for order_id in self.sent],
            "in doubt": [self.number_of(order.order_id) for order in self.client.in_doubt()],
            "told": self.story(),
            "connected": metrics.connection_status,
            "orders total": metrics.orders_total,
            "order errors": metrics.order_errors_total,
            "subscriptions": metrics.market_data_subscriptions,
            "quotes": {symbol: await self._quote(symbol) for symbol in SYMBOLS},
        }

    async def _quote(self, symbol: str) -> Any:
        contract = Contract.stock(symbol)
        if not self.client.is_connected():
            return None
        try:
            quotes = self.client.quotes(contract)
        except IBKRError as error:
            return error.code.name
        quote = await anext(quotes)
        while (quote.bid is None) or (quote.ask is None) or not quote.ask_size:
            quote = await anext(quotes)
        return quote.bid, quote.ask, quote.bid_size, quote.ask_size


Deed = Callable[[Side], Awaitable[Any]]


class Pair:
    """Both sides, which must say the same after every deed."""

    def __init__(self, ground: Any) -> None:
        self.sides = [Side(MockTier(None)), Side(SimulatorTier(ground))]
        self.quoted: dict[str, tuple[Decimal, Decimal]] = {}
        self.lost = self.without_ib = False
        self.unheard = False  # whether something was done that the client has not heard of

    async def __aenter__(self) -> Self:
        for side in self.sides:
            await side.tier.open()
            await side.listen()
        for symbol in SYMBOLS:
            await self.quote(symbol, Decimal("99.98"), Decimal("100.02"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for side in self.sides:
            await side.tier.close()
            if side.listener is not None:
                await side.listener

    @property
    def mock(self) -> Any:
        return self.sides[0].client

    async def do(self, name: str, deed: Deed) -> None:
        """Do it on both sides and compare what came of it, and what is so then."""
        outcomes = [await side.tried(deed(side)) for side in self.sides]
        accounts = [await side.account() for side in self.sides]
        assert outcomes[0] == outcomes[1], f"{name}: mock {outcomes[0]}, simulator {outcomes[1]}"
        hears = self.mock.state == "ready"
        self.unheard = self.unheard and not hears
        for what, of_mock in accounts[0].items():
            if what in NEWS and not hears:
                continue  # DIFFERENCES, "absence"
            of_simulator = accounts[1][what]
            assert of_mock == of_simulator, (
                f"after {name}, {what}: mock {of_mock}, simulator {of_simulator}"
            )

    # --- deeds ---

    async def connect(self) -> None:
        async def deed(side: Side) -> None:
            await side.client.connect()

        if not self.lost:
            await self.do("connect", deed)
            for side in self.sides:
                await side.listen()

    async def disconnect(self) -> None:
        async def deed(side: Side) -> None:
            await side.client.disconnect()

        if not self.lost and not self.without_ib:
            await self.do("disconnect", deed)

    async def lose(self) -> None:
        async def deed(side: Side) -> None:
            await side.tier.stage.gateway_down()
            await eventually(lambda: side.client.state == "reconnecting")

        if self.mock.is_connected():
            await self.do("lose the connection", deed)
            self.lost = True

    async def restore(self) -> None:
        async def deed(side: Side) -> None:
            await side.tier.stage.gateway_up()
            await eventually(side.client.is_connected)

        if self.lost:
            self.lost = False
            await self.do("restore the connection", deed)

    async def lose_ib(self) -> None:
        async def deed(side: Side) -> None:
            await side.tier.stage.lose_upstream()
            await eventually(lambda: not side.client.is_connected())

        if self.mock.is_connected():
            await self.do("lose IB", deed)
            self.without_ib = True

    async def restore_ib(self) -> None:
        async def deed(side: Side) -> None:
            await side.tier.stage.restore_upstream()
            await eventually(side.client.is_connected)

        if self.without_ib:
            self.without_ib = False
            await self.do("restore IB", deed)

    async def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> None:
        async def deed(side: Side) -> None:
            await side.tier.stage.quote(symbol, bid, ask, PLENTY)

        if not self._reaches_one(symbol, bid, ask):
            self.quoted[symbol] = bid, ask
            await self.do(f"quote {symbol} {bid} to {ask}", deed)

    def _reaches_one(self, symbol: str, bid: Decimal, ask: Decimal) -> bool:
        """Whether an order that works would trade or trigger at this quote: see DIFFERENCES."""
        return any(
            order.contract.symbol == symbol
            and order.status in {*WORKING, OrderStatus.PENDING_SUBMIT}
            and _is_reached(order.order, bid, ask)
            for order in self._orders()
        )

    def _orders(self) -> list[OrderResult]:
        return [self.mock.order(order_id) for order_id in self.sides[0].sent]

    async def place(self, symbol: str, make: Callable[[], Order], key: str | None) -> None:
        async def deed(side: Side) -> OrderResult:
            return await side.client.place_order(Contract.stock(symbol), make(), key=key)

        try:
            order = make()
        except IBKRError:
            order = None
        is_old_news = key is not None and self.unheard
        if not is_old_news and not self._triggers_at_once(symbol, order):
            await self.do(f"place {order or 'a bad order'} under {key}", deed)

    def _triggers_at_once(self, symbol: str, order: Order | None) -> bool:
        is_stop = order is not None and order.stop_price is not None
        return is_stop and symbol in self.quoted and _is_reached(order, *self.quoted[symbol])

    async def on_order(
        self, name: str, number: int, verb: Callable[[Side, int], Awaitable[Any]]
    ) -> None:
        """Something done to an order that works, if there is one."""
        working = [
            self.sides[0].number_of(order.order_id)
            for order in self._orders()
            if order.status in WORKING
        ]
        if working:
            chosen = working[number % len(working)]
            self.unheard = True
            await self.do(name, lambda side: verb(side, side.sent[chosen]))

    async def fill(self, number: int, share: Decimal, price: Decimal) -> None:
        async def verb(side: Side, order_id: int) -> None:
            left = side.client.order(order_id).remaining
            await side.tier.stage.fill(order_id, max(Decimal(1), left * share // 1), price)

        await self.on_order(f"fill {share} at {price}", number, verb)

    async def end(self, number: int) -> None:
        async def verb(side: Side, order_id: int) -> None:
            await side.tier.stage.end(order_id)

        await self.on_order("end", number, verb)

    async def cancel(self, number: int) -> None:
        async def deed(side: Side) -> OrderResult:
            order_id = side.sent[number % len(side.sent)] if side.sent else 4_711
            return await side.client.cancel_order(order_id)

        if not self.without_ib and not self.unheard:
            await self.do(f"cancel {number}", deed)

    async def reject_next(self, code: int) -> None:
        async def deed(side: Side) -> None:
            await side.tier.stage.reject_next(code, "Refused.")

        await self.do(f"reject the next order with {code}", deed)

    async def request(self, symbol: str) -> None:
        async def deed(side: Side) -> None:
            await side.client.request_market_data(Contract.stock(symbol))

        await self.do(f"request {symbol}", deed)

    async def cancel_data(self, symbol: str) -> None:
        async def deed(side: Side) -> None:
            await side.client.cancel_market_data(Contract.stock(symbol))

        await self.do(f"cancel the data of {symbol}", deed)


def _is_reached(order: Order, bid: Decimal, ask: Decimal) -> bool:
    buys = order.action == "BUY"
    if order.stop_price is not None:
        return ask >= order.stop_price if buys else bid <= order.stop_price
    if order.limit_price is None:
        return True
    return ask <= order.limit_price if buys else bid >= order.limit_price
