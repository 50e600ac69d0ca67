"""Quotes of combinations from those of their legs, and the prices of legs from a combination's.

Pure. Who buys a combination buys the legs it buys at their asks and sells the others at
their bids, each as often as its weight says (see `instruments.combos`); so a price may be
negative or nothing at all.

Assumptions:
- A side is quoted if all legs are on the side that takes; its size is the number of whole
  combinations that all of them show (IBKR: implied prices from the legs' quotes).
- Last trade, high, low, open and close are those of the legs taken together, and nothing but
  the combination's own prints counts as its volume (ours).
- Where a combination trades better than its legs' quotes, each leg is as much better as its
  spread is part of all spreads, in whole ticks; what is left is given to as few legs as can
  take it in whole ticks, else to one leg off its grid (ours).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from simulator.instruments import Instrument, Leg, increment_at, weight
from simulator.market.quote import Quote

ZERO = Decimal(0)


def combined(combo: Instrument, quotes: Sequence[Quote]) -> Quote:
    """The quote of a combination, from those of its legs in their order."""
    parts = [
        (leg, quote if leg.sign > 0 else _mirrored(quote))
        for leg, quote in zip(combo.legs, quotes, strict=True)
    ]

    def total(price: Callable[[Quote], Decimal]) -> Decimal:
        return sum((weight(combo, leg) * price(quote) for leg, quote in parts), ZERO)

    def side(price: Callable[[Quote], Decimal | None]) -> Decimal | None:
        prices = [(leg, price(quote)) for leg, quote in parts]
        found = [weight(combo, leg) * value for leg, value in prices if value is not None]
        return sum(found, ZERO) if len(found) == len(prices) else None

    def whole(size: Callable[[Quote], Decimal]) -> Decimal:
        return min(size(quote) // leg.ratio for leg, quote in parts)

    bid, ask = side(lambda q: q.bid), side(lambda q: q.ask)
    return Quote(
        time_ms=max(quote.time_ms for quote in quotes),
        bid=bid,
        ask=ask,
        bid_size=ZERO if bid is None else whole(lambda q: q.bid_size),
        ask_size=ZERO if ask is None else whole(lambda q: q.ask_size),
        last=total(lambda q: q.last),
        last_size=whole(lambda q: q.last_size),
        last_time_ms=max(quote.last_time_ms for quote in quotes),
        volume=ZERO,
        high=total(lambda q: q.high),
        low=total(lambda q: q.low),
        open=total(lambda q: q.open),
        close=total(lambda q: q.close),
    )


def _mirrored(quote: Quote) -> Quote:
    """The quote of having sold: whoever bids for that has to buy."""
    return replace(
        quote,
        bid=None if quote.ask is None else -quote.ask,
        ask=None if quote.bid is None else -quote.bid,
        bid_size=quote.ask_size,
        ask_size=quote.bid_size,
        last=-quote.last,
        high=-quote.low,
        low=-quote.high,
        open=-quote.open,
        close=-quote.close,
    )


# --- fills of legs ---


@dataclass(frozen=True, slots=True)
class LegPrice:
    """What one leg of a combination is traded at."""

    leg: Leg
    price: Decimal


_SHIFTS = tuple(Decimal(sign * ticks) for ticks in range(1, 11) for sign in (1, -1))
_FINEST: int = 10**20
"""Parts of a price off its grid; finer ones would not fit into a Decimal."""


@dataclass(slots=True)
class _Part:
    """A leg on its way to a price: `worth` is what a tick of it is to the combination."""

    leg: Leg
    price: Decimal
    tick: Decimal
    worth: Decimal
    room: Decimal

    def can_move(self, ticks: Decimal) -> bool:
        """Whether it still costs something then, or at least no less than now."""
        return ticks >= 0 or self.price + ticks * self.tick > 0

    def move(self, ticks: Decimal) -> None:
        self.price += ticks * self.tick


_Move = tuple[_Part, Decimal]
"""A leg and a number of its ticks."""


def legs_at(
    combo: Instrument, quotes: Sequence[Quote], price: Decimal, *, is_purchase: bool
) -> tuple[LegPrice, ...]:
    """The price of each leg when a combination is bought, or sold, at a price.

    `quotes` are those of the legs, in their order; the prices told add up to that of the
    combination to the last digit. (If all ratios have a factor in common by which no decimal
    can be divided, to the last digit of a Decimal.)
    """
    parts = [
        _part(combo, leg, quote, takes_ask=is_purchase == (leg.sign > 0))
        for leg, quote in zip(combo.legs, quotes, strict=True)
    ]

    def missing() -> Decimal:
        reached = (part.leg.sign * weight(combo, part.leg) * part.price for part in parts)
        return price - sum(reached, ZERO)

    _share(parts, missing())
    rest = missing()
    for part, ticks in _on_grid(parts, rest) or _off_grid(parts, rest):
        part.move(ticks)
    return tuple(LegPrice(part.leg, part.price) for part in parts)


def _part(combo: Instrument, leg: Leg, quote: Quote, *, takes_ask: bool) -> _Part:
    touch = quote.ask if takes_ask else quote.bid
    at = quote.last if touch is None else touch
    tick = increment_at(leg.instrument.market_rule_id, at)
    times = weight(combo, leg)
    spread = ZERO if quote.bid is None or quote.ask is None else quote.ask - quote.bid
    return _Part(leg, at, tick, leg.sign * times * tick, times * spread)


def _share(parts: Sequence[_Part], missing: Decimal) -> None:
    """Give each leg its share of the difference, in whole ticks."""
    room = sum((part.room for part in parts), ZERO)
    for part in parts if room else ():
        ticks = (missing * part.room / room / part.worth).to_integral_value(ROUND_DOWN)
        if part.can_move(ticks):
            part.move(ticks)


def _on_grid(parts: Sequence[_Part], rest: Decimal) -> list[_Move]:
    """Moves by whole ticks that make up for the rest: of two legs, or of a third one, too."""
    moves = _of_two(parts, rest)
    for third in parts if not moves else ():
        others = [part for part in parts if part is not third]
        for shift in _SHIFTS:
            if third.can_move(shift) and (found := _of_two(others, rest - shift * third.worth)):
                return [(third, shift), *found]
    return moves


def _of_two(parts: Sequence[_Part], rest: Decimal) -> list[_Move]:
    """Moves of one or two legs, the first of them as small as can be."""
    found = [
        [(other, Decimal(shift)), (part, Decimal(ticks))]
        for other in parts
        for part in parts
        if part is not other
        for shift, ticks in _pairs(other.worth, part.worth, rest)
        if other.can_move(Decimal(shift)) and part.can_move(Decimal(ticks))
    ]
    return min(found, key=lambda moves: abs(moves[0][1]), default=[])


def _pairs(first: Decimal, second: Decimal, rest: Decimal) -> Iterator[tuple[int, int]]:
    """Whole numbers of two ticks that make up for the rest: the first of them small.

    Of all there are, those whose first number is the least on either side of zero, and the
    least with which, if the ticks have different signs, neither number is negative.
    """
    ratios = [Fraction(value).as_integer_ratio() for value in (first, second, rest)]
    scale = math.lcm(*(denominator for _, denominator in ratios))
    a, b, total = (numerator * scale // denominator for numerator, denominator in ratios)
    common = math.gcd(a, b)
    if total % common:
        return
    period = abs(b) // common
    least = total // common * pow(a // common, -1, period) % period
    floor = max(0, -(-total // a))
    for shift in (least, least - period, floor + (least - floor) % period):
        yield shift, (total - shift * a) // b


def _off_grid(parts: Sequence[_Part], rest: Decimal) -> list[_Move]:
    """All of the rest for one leg: one that makes it exact, that costs something, the finest."""

    def cost(part: _Part) -> tuple[bool, bool, Decimal]:
        return not _ends(rest, part.worth), not part.can_move(rest / part.worth), abs(part.worth)

    part = min(parts, key=cost)
    return [(part, rest / part.worth)]


def _ends(dividend: Decimal, divisor: Decimal) -> bool:
    """Whether a quotient is a decimal number that ends."""
    denominator = (Fraction(dividend) / Fraction(divisor)).denominator
    return _FINEST % denominator == 0
