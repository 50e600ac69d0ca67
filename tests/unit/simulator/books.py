"""Short ways to write orders, quotes and fills; a book written to be obvious, not fast."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from decimal import Decimal as D

from simulator.matching import Book, Filled, Side, Top, View, Working

NOBODY = Top(None, D(0))
TICK = D("0.01")


def top(price: object, size: object = 100) -> Top:
    return Top(D(str(price)), D(str(size)))


def view(bid: Top = NOBODY, ask: Top = NOBODY) -> View:
    return View(bid=bid, ask=ask, last=D(10), tick=TICK)


def order(key: int, side: Side, size: object, limit: object = None, **terms: object) -> Working:
    """An order of an owner of its own, unless told otherwise."""
    return Working(
        key=key,
        owner=int(terms.pop("owner", key)),
        side=side,
        remaining=D(str(size)),
        limit=None if limit is None else D(str(limit)),
        **{k: v if isinstance(v, bool) else D(str(v)) for k, v in terms.items()},
    )


def buy(key: int, size: object, limit: object = None, **terms: object) -> Working:
    return order(key, Side.BUY, size, limit, **terms)


def sell(key: int, size: object, limit: object = None, **terms: object) -> Working:
    return order(key, Side.SELL, size, limit, **terms)


def drain(book: Book) -> list[Filled]:
    """Everything that matches now, match by match."""
    fills = []
    while matched := book.next():
        fills += matched
    return fills


def told(fills: list[Filled]) -> list[tuple[int, int, str]]:
    return [(fill.key, int(fill.quantity), str(fill.price)) for fill in fills]


def entered(book: Book, *orders: Working) -> list[tuple[int, int, str]]:
    """What happens when these orders come in one after the other."""
    fills = []
    for each in orders:
        book.submit(each)
        fills += drain(book)
    return told(fills)


def shown(book: Book, bid: Top = NOBODY, ask: Top = NOBODY) -> list[tuple[int, int, str]]:
    """What happens when this is displayed."""
    book.show(view(bid, ask))
    return told(drain(book))


def printed(book: Book, price: object, size: object) -> list[tuple[int, int, str]]:
    """What happens when this is traded elsewhere."""
    book.print(D(str(price)), D(str(size)))
    return told(drain(book))


@dataclass(eq=False)
class _Held:
    order: Working
    arrived: int
    rests: bool = False
    place: int = 0
    tip: Decimal = D(0)
    has_filled: bool = False

    @property
    def needs(self) -> Decimal:
        if self.order.all_or_none:
            return self.order.remaining
        return D(0) if self.has_filled else min(self.order.min_quantity, self.order.remaining)

    @property
    def offers(self) -> Decimal:
        hides = self.needs or not self.order.display
        return self.order.remaining if hides else self.tip


class NaiveBook:
    """The rules of the book in the `paper` model: a list, searched from end to end each time.

    Knows no levels, heaps or marks of change; `settle` answers with all matches at once.
    """

    def __init__(self) -> None:
        self.held: list[_Held] = []
        self.waiting: list[_Held] = []
        self.quotes = {Side.BUY: NOBODY, Side.SELL: NOBODY}  # to take, by the side that takes
        self.displayed = {Side.BUY: NOBODY, Side.SELL: NOBODY}
        self.clock = 0
        self.fills: list[Filled] = []

    def show(self, bid: Top, ask: Top) -> None:
        self.quotes = {Side.BUY: ask, Side.SELL: bid}
        self.displayed = {Side.BUY: bid, Side.SELL: ask}

    def submit(self, order: Working) -> None:
        self.clock += 1
        self.held.append(_Held(order, self.clock))
        self.waiting.append(self.held[-1])

    def cancel(self, key: int) -> None:
        self._drop(self.find(key))

    def resize(self, key: int, remaining: Decimal) -> None:
        held = self.find(key)
        if remaining > held.order.remaining:
            self.clock += 1
            held.arrived = self.clock
            held.order.remaining = remaining
            self._put_last(held)
            self.held.sort(key=lambda h: h is held)
        held.order.remaining = remaining
        held.tip = min(held.tip, remaining)

    def find(self, key: int) -> _Held:
        return next(h for h in self.held if h.order.key == key)

    def settle(self) -> list[Filled]:
        self.fills = []
        while True:
            if self._serve_one_resting():
                continue
            if not self.waiting:
                return self.fills
            held = self.waiting.pop(0)
            self._take_all(held)
            if held in self.held and not held.rests:
                held.rests = True
                self._put_last(held)

    def _serve_one_resting(self) -> bool:
        for side in Side:
            for held in self._line(side):
                if held.needs:
                    if self._sum(held) >= held.needs:
                        self._take_all(held)
                        return True
                elif self._quote_price(held) is not None:
                    self._take_quote(held, held.offers)
                    return True
        return False

    def _take_all(self, held: _Held) -> None:
        if held.needs and self._sum(held) < held.needs:
            return
        while held in self.held:
            options = self._options(held)
            if not options:
                return
            contra, size = options[0]
            if contra is None:
                self._take_quote(held, size)
            else:
                self._trade(held, contra, size)

    def _line(self, side: Side) -> list[_Held]:
        resting = [h for h in self.held if h.rests and h.order.side is side]
        return sorted(
            resting,
            key=lambda h: (
                h.order.limit is not None,
                -side.sign * (h.order.limit or 0),
                h.order.display == 0,
                h.place,
            ),
        )

    def _quote_price(self, held: _Held) -> Decimal | None:
        quote = self.quotes[held.order.side]
        if quote.price is None or not quote.size or not _accepts(held.order, quote.price):
            return None
        return quote.price

    def _contra_price(self, held: _Held, contra: _Held) -> Decimal | None:
        """What a trade would be at, were `contra` the one that was there before."""
        if contra.order.limit is not None:
            return contra.order.limit
        if held.order.limit is None:
            return None
        side = contra.order.side
        beside = [h.order.limit for h in self._line(side) if h.order.limit is not None]
        candidates = [held.order.limit, *beside]
        if (displayed := self.displayed[side].price) is not None:
            candidates.append(displayed)
        return max(candidates, key=lambda price: side.sign * price)

    def _options(self, held: _Held) -> list[tuple[_Held | None, Decimal]]:
        sign, quoted = held.order.side.sign, self._quote_price(held)
        ranked: list[tuple[tuple[object, ...], _Held | None, Decimal]] = []
        if quoted is not None:
            ranked.append(((sign * quoted, 0), None, self.quotes[held.order.side].size))
        for at, contra in enumerate(self._line(held.order.side.other)):
            price = self._contra_price(held, contra)
            if price is None or not _accepts(held.order, price):
                continue
            if contra.order.owner == held.order.owner:
                continue
            behind = (sign * price, 1, contra.order.limit is not None, contra.order.display == 0)
            ranked.append(((*behind, 0, at), contra, contra.offers))
            if kept := contra.order.remaining - contra.offers:
                ranked.append(((*behind, 1, at), contra, kept))
        ranked.sort(key=lambda row: row[0])
        wanted, options = held.order.remaining, []
        for _, contra, offered in ranked:
            size = min(wanted, offered)
            if size and (contra is None or size >= contra.needs):
                options.append((contra, size))
                wanted -= size
        return options

    def _sum(self, held: _Held) -> Decimal:
        return sum((size for _, size in self._options(held)), D(0))

    def _take_quote(self, held: _Held, size: Decimal) -> None:
        side = held.order.side
        quote = self.quotes[side]
        size = min(size, quote.size)
        self.quotes[side] = Top(quote.price, quote.size - size)
        price = held.order.limit if held.rests and held.order.limit is not None else quote.price
        self.fills.append(Filled(held.order.key, size, price, held.rests))
        self._less(held, size)

    def _trade(self, held: _Held, contra: _Held, size: Decimal) -> None:
        maker, taker = contra, held
        if held.rests and held.arrived < contra.arrived:
            maker, taker = held, contra
        price = self._contra_price(taker, maker)
        self.fills += [
            Filled(taker.order.key, size, price, False, maker.order.key),
            Filled(maker.order.key, size, price, True, taker.order.key),
        ]
        self._less(maker, size)
        self._less(taker, size)

    def _less(self, held: _Held, size: Decimal) -> None:
        needed = held.needs
        held.order.remaining -= size
        held.has_filled = True
        held.tip -= size
        if not held.order.remaining:
            self._drop(held)
        elif held.rests:
            if needed and not held.needs:
                self.waiting.append(held)
            if held.tip <= 0:
                self._put_last(held)

    def _put_last(self, held: _Held) -> None:
        self.clock += 1
        held.place = self.clock
        held.tip = min(held.order.display or held.order.remaining, held.order.remaining)

    def _drop(self, held: _Held) -> None:
        self.held.remove(held)
        if held in self.waiting:
            self.waiting.remove(held)


def _accepts(order: Working, price: Decimal) -> bool:
    return order.limit is None or order.side.sign * (order.limit - price) >= 0
