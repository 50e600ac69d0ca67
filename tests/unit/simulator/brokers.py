"""A broker without a gateway: orders in, events out, on a market that stands where it is put."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from simulator.broker import BrokerOrder, Executed, Rules
from simulator.records import Contract, Order
from simulator.world import World, WorldSettings

AAPL, MSFT = "AAPL", "MSFT"
SECOND_MS = 1_000


class Trading:
    """One account of client 1, and what is displayed."""

    def __init__(self, *, calendar: bool = False, rules: Rules | None = None) -> None:
        settings = WorldSettings(
            clock="manual",
            calendar=calendar,
            accounts=("DU9000001", "DU9000002"),
            rules=rules or Rules(),
        )
        self.world = World(settings)
        self.broker = self.world.broker
        self.now_ms = self.world.clock.now_ms()
        self.events: list[Any] = []
        self.quote(99, 101)

    def quote(self, bid: object, ask: object, name: str = AAPL, size: object = 1000) -> None:
        """Display a quote; `last` is in the middle."""
        instrument = self.world.instrument(name)
        quote = self.world.market.set_quote(
            instrument,
            self.now_ms,
            bid=None if bid is None else D(str(bid)),
            ask=None if ask is None else D(str(ask)),
            bid_size=D(str(size)),
            ask_size=D(str(size)),
        )
        self.events = self.broker.show(instrument, quote, self.now_ms)

    def combo_quoted(self, contract: Contract) -> None:
        """Display a combination as its legs are quoted now."""
        (combo,) = self.broker.database.find(contract)
        quote = self.world.market.quote(combo, self.now_ms)
        self.events = self.broker.show(combo, quote, self.now_ms)

    def place(
        self, order_type: str, *, buy: object = 0, sell: object = 0, name: str = AAPL, **terms: Any
    ) -> int:
        """Place an order of client 1; returns its id."""
        order_id = self.broker.next_order_id(1)
        contract: Contract = terms.pop("contract", None) or self.world.instrument(name).contract()
        order = Order(
            action="BUY" if buy else "SELL",
            total_quantity=D(str(buy or sell)),
            order_type=order_type,
            tif=terms.pop("tif", "GTC"),
            **{k: D(v) if isinstance(v, str) and k in PRICES else v for k, v in terms.items()},
        )
        self.events = self.broker.place(1, order_id, contract, order, self.now_ms)
        return order_id

    def cancel(self, order_id: int) -> None:
        self.events = self.broker.cancel(self[order_id], self.now_ms, by_client_id=1)

    def wait(self, seconds: float) -> None:
        """Let time pass; each thing that is due happens at its time."""
        end_ms = self.now_ms + round(seconds * SECOND_MS)
        self.events = []
        while (due_ms := self.broker.due_ms) is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self.events += self.broker.run_due(self.now_ms)
        self.now_ms = end_ms
        self.events += self.broker.run_due(end_ms)

    def __getitem__(self, order_id: int) -> BrokerOrder:
        held = self.broker.order(1, order_id)
        assert held is not None
        return held

    def status(self, *order_ids: int) -> list[str]:
        return [str(self[order_id].status) for order_id in order_ids]

    @property
    def fills(self) -> list[tuple[int, str, str]]:
        """What the last operation has filled: order id, shares, price."""
        return [
            (e.order.order_id, f"{e.execution.shares:f}", f"{e.execution.price:f}")
            for e in self.events
            if isinstance(e, Executed)
        ]


PRICES = frozenset(
    {
        "limit_price",
        "aux_price",
        "trail_stop_price",
        "trailing_percent",
        "volatility",
        "delta",
        "starting_price",
        "stock_reference_price",
        "stock_range_lower",
        "stock_range_upper",
        "reference_change_amount",
        "pegged_change_amount",
        "trigger_price",
        "adjusted_stop_price",
        "adjusted_stop_limit_price",
        "adjusted_trailing_amount",
        "limit_price_offset",
        "cash_quantity",
        "percent_offset",
    }
)
"""Terms that may be written as text."""
