"""Orders whose price somebody else makes: the quote, a stop, another market.

Gives the broker a function from what is displayed to a limit. What an order does not say of
where it starts is taken from the markets when it is first priced, and kept (ours). Outside
the range of the reference there is no price, and the order is out of the market (ours: IBKR
ends it).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulator.broker.desk import Pricer, view_of
from simulator.broker.records import BrokerOrder
from simulator.instruments import ContractDatabase, Instrument, weight
from simulator.market import Market
from simulator.matching import Side, View, peg_price, with_discretion
from simulator.order_types import (
    Pricing,
    benchmark_price,
    benchmark_reference,
    is_in_range,
    limit_after_trigger,
    limit_of,
    order_type,
    peg_of,
    protected_limit,
    stock_pegged_price,
    volatility_price,
    volatility_reference,
)


class Pricers:
    """Makes the pricing functions of orders."""

    def __init__(self, market: Market, database: ContractDatabase) -> None:
        self._market = market
        self._database = database

    def of(self, held: BrokerOrder) -> Pricer | None:
        """How an order is priced; None: by its own limit, or at the market."""
        is_by_legs = any(leg.price is not None for leg in held.order.combo_leg_prices)
        pricer = self._by_legs(held) if is_by_legs else self._base(held)
        return _discretionary(held, pricer) if held.order.discretionary_amount else pricer

    def _base(self, held: BrokerOrder) -> Pricer | None:
        """How an order is priced that gives no way."""
        row = order_type(held.order.order_type)
        if row is None:
            raise ValueError(f"order type {held.order.order_type!r} is not in the table")
        match row.price:
            case Pricing.PEG:
                return _pegged(held)
            case Pricing.PROTECTED:
                return _protected(held)
            case Pricing.VOLATILITY:
                return self._by_volatility(held)
            case Pricing.STOCK_PEG:
                return self._by_stock(held)
            case Pricing.BENCHMARK_PEG:
                return self._by_benchmark(held)
            case Pricing.MARKET | Pricing.LIMIT | Pricing.MARKET_TO_LIMIT:
                return None

    def _by_legs(self, held: BrokerOrder) -> Pricer:
        """What the limits of the legs come to, while each leg is quoted at its own or better."""
        combo, side = held.instrument, Side(held.order.action)
        limits = _leg_limits(held)

        def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
            del view, working
            for leg in combo.legs:
                quote = self._market.quote(leg.instrument, now_ms)
                sign = side.sign * leg.sign
                touch = quote.ask if sign > 0 else quote.bid
                if touch is None or sign * (limits[leg.instrument.con_id] - touch) < 0:
                    return None
            parts = (
                leg.sign * weight(combo, leg) * limits[leg.instrument.con_id] for leg in combo.legs
            )
            return sum(parts, Decimal(0))

        return price

    def _view(self, instrument: Instrument, now_ms: int) -> View:
        return view_of(instrument, self._market.quote(instrument, now_ms))

    def _by_volatility(self, held: BrokerOrder) -> Pricer:
        order, option = held.order, held.instrument
        under = self._database[option.under_con_id]

        def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
            if working is not None and not order.continuous_update:
                return working
            reference = volatility_reference(order, option.right, self._view(under, now_ms))
            valued = self._market.valuation(option, now_ms)
            if reference is None or valued is None or not is_in_range(order, reference):
                return None
            option_now = replace(valued.option, under_price=float(reference))
            return volatility_price(order, option_now, view.tick)

        return price

    def _by_stock(self, held: BrokerOrder) -> Pricer:
        order, option = held.order, held.instrument
        under = self._database[option.under_con_id]
        starts: list[tuple[Decimal, Decimal]] = []

        def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
            del working
            middle = self._view(under, now_ms).middle
            if middle is None or not is_in_range(order, middle):
                return None
            if not starts:
                starts.append((view.middle or view.last, middle))
            start, reference = starts[0]
            return stock_pegged_price(
                order,
                option.right,
                middle=middle,
                start=start,
                reference=reference,
                tick=view.tick,
            )

        return price

    def _by_benchmark(self, held: BrokerOrder) -> Pricer:
        order = held.order
        benchmark = self._database[order.reference_contract_id]
        starts: list[tuple[Decimal, Decimal]] = []

        def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
            del working
            shown = self._view(benchmark, now_ms)
            now = benchmark_reference(order, benchmark.sec_type, shown)
            if now is None or not is_in_range(order, now):
                return None
            if not starts:
                starts.append((view.middle or view.last, now))
            start, reference = starts[0]
            return benchmark_price(order, now=now, start=start, reference=reference, tick=view.tick)

        return price


def _pegged(held: BrokerOrder) -> Pricer | None:
    peg = peg_of(held.order)
    if peg is None:
        return None

    def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
        del now_ms
        return peg_price(peg, view, working)

    return price


def _discretionary(held: BrokerOrder, base: Pricer | None) -> Pricer:
    """Where an order works that takes what is a little beyond its limit, or its peg."""
    order, stop = held.order, held.stop_price
    own = limit_of(order) if stop is None else limit_after_trigger(order, stop)
    shown: list[Decimal | None] = [own]

    def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
        del working
        if base is not None:
            shown[0] = base(view, shown[0], now_ms)
        limit = shown[0]
        if limit is None:
            return None
        return with_discretion(limit, order.discretionary_amount, Side(order.action), view)

    return price


def _protected(held: BrokerOrder) -> Pricer:
    """Taken once, off the other side of the quote or off the stop that was reached."""
    order = held.order

    def price(view: View, working: Decimal | None, now_ms: int) -> Decimal | None:
        del now_ms
        if working is not None:
            return working
        other = view.ask if order.action == Side.BUY else view.bid
        reference = order.aux_price if held.is_triggered else other.price
        return protected_limit(order, reference or view.last, view.tick)

    return price


def _leg_limits(held: BrokerOrder) -> dict[int, Decimal]:
    """The limit of each leg by its contract; they are sent in the order of the request's legs."""
    prices = (leg.price or Decimal(0) for leg in held.order.combo_leg_prices)
    legs = held.contract.combo_legs
    return {leg.con_id: price for leg, price in zip(legs, prices, strict=False)}
