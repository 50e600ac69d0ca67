"""The contract database: what can be traded, and the search that requests go through.

Knows the time only through the `today` it is given, which decides what is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from simulator.instruments.combos import ComboError, combination
from simulator.instruments.derivatives import (
    EPOCH,
    EXPIRED_KEPT,
    FIRST_ID,
    Future,
    Option,
    Product,
    Terms,
    con_id,
    means,
    unpack,
)
from simulator.instruments.model import Instrument
from simulator.records import Contract


class ContractDatabase:
    """Instruments by contract id and symbol; those of products are made when asked for.

    A contract that was made is kept, so that one contract is always the same object.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        products: Iterable[Product] = (),
        today: Callable[[], date] = lambda: EPOCH,
    ) -> None:
        self._by_con_id = {instrument.con_id: instrument for instrument in instruments}
        self._static = tuple(self._by_con_id.values())
        self._products = {product.code: product for product in products}
        self._today = today
        self._continuous: dict[int, Instrument] = {}
        self._by_name: dict[str, Instrument] = {}
        self._by_symbol: dict[str, list[Instrument]] = defaultdict(list)
        for instrument in self._static:
            self._by_symbol[instrument.symbol].append(instrument)
            for name in (instrument.local_symbol, instrument.local_symbol.replace(".", "")):
                self._by_name.setdefault(name, instrument)

    def __iter__(self) -> Iterator[Instrument]:
        """The instruments that stand in files; derivatives are without number."""
        return iter(self._static)

    def futures(self) -> Iterator[Instrument]:
        """All listed futures, by product and month."""
        today = self._today()
        for product in self._products.values():
            if isinstance(product, Future):
                yield from (self._made(product, terms) for terms in product.listing(today, today))

    def __getitem__(self, con_id: int) -> Instrument:
        """The instrument of an id, listed or expired. Raises `KeyError`."""
        return self._by_con_id.get(con_id) or self._unpacked(con_id)

    def find(self, wanted: Contract, *, include_expired: bool = False) -> list[Instrument]:
        """All instruments the request can mean; a request that names nothing finds nothing.

        A combination is found by its legs, whichever their order.
        """
        if wanted.sec_type == "BAG" and wanted.combo_legs:
            return self._combinations(wanted)
        if wanted.con_id:
            return self._by_id(wanted, include_expired=include_expired)
        if not (wanted.symbol or wanted.local_symbol or wanted.sec_id):
            return []
        return [
            instrument
            for instrument in (
                *self._candidates(wanted),
                *self._derived(wanted, include_expired=include_expired),
            )
            if instrument.matches(wanted)
        ]

    def combo_objection(self, wanted: Contract) -> tuple[int, dict[str, object]] | None:
        """Why a request names no combination: error code and what fills its text."""
        try:
            combination(wanted, self._leg)
        except ComboError as error:
            return error.code, error.facts
        return None

    def option_classes(self, under_con_id: int, exchange: str = "") -> Iterator[Option]:
        """The option classes of an underlying, all or those of one exchange for futures."""
        for product in self._products.values():
            if isinstance(product, Option) and exchange in {"", product.exchange}:
                if product.future is None:
                    found = product.underlying.con_id == under_con_id
                else:
                    found = self.product_of(under_con_id) is product.future
                if found:
                    yield product

    def expiries(self, product: Option, under_con_id: int) -> list[date]:
        """The listed expirations of a class on this underlying."""
        today = self._today()
        days = product.expiries(today, today)
        return [day for day in days if product.under_id(day) == under_con_id]

    def product_of(self, con_id: int) -> Product | None:
        """What a generated contract belongs to."""
        return self._products.get(unpack(con_id)[0]) if con_id >= FIRST_ID else None

    def front_future(self, under_con_id: int) -> Instrument | None:
        """The listed future on an underlying that ends next, if there is one."""
        today = self._today()
        for product in self._products.values():
            if isinstance(product, Future) and product.under_con_id == under_con_id:
                return self._made(product, next(product.listing(today, today)))
        return None

    def derivatives_of(self, instrument: Instrument) -> tuple[str, ...]:
        """The types of derivatives on an instrument, as a symbol search shows them."""
        types = {i.sec_type for i in self._static if i.under_con_id == instrument.con_id}
        types |= {
            product.sec_type
            for product in self._products.values()
            if instrument.con_id
            == (product.under_con_id if isinstance(product, Future) else product.underlying.con_id)
        }
        return tuple(sorted(types))

    def by_name(self, name: str) -> Instrument:
        """The one instrument of a symbol or local symbol (`AAPL`, `EURUSD`, `ESZ6`).

        A combination that was asked for before has the description of its legs for a name.
        Raises `KeyError` with the known names for any other.
        """
        found = self._by_name.get(name.upper())
        if found is not None:
            return found
        derived = self.find(Contract(local_symbol=name))
        if len(derived) == 1:
            return derived[0]
        known = ", ".join(instrument.local_symbol for instrument in self)
        raise KeyError(f"no instrument {name!r}; known are {known}")

    # --- inside ---

    def _by_id(self, wanted: Contract, *, include_expired: bool) -> list[Instrument]:
        try:
            found = self[wanted.con_id]
        except KeyError:
            return []
        if wanted.sec_type == "CONTFUT" and found.sec_type == "FUT":
            found = self._as_continuous(found)
        is_over = any(
            part.expiry and part.expiry < f"{self._today():%Y%m%d}"
            for part in (found, *(leg.instrument for leg in found.legs))
        )
        return [found] if found.matches(wanted) and (include_expired or not is_over) else []

    def _leg(self, con_id: int) -> Instrument | None:
        """What may be a leg: a contract that is not over."""
        return next(iter(self._by_id(Contract(con_id=con_id), include_expired=False)), None)

    def _combinations(self, wanted: Contract) -> list[Instrument]:
        """The combination of these legs, if there can be one."""
        try:
            return [self._kept(combination(wanted, self._leg))]
        except ComboError:
            return []

    def _kept(self, made: Instrument) -> Instrument:
        """A combination is kept under its id, or the next that is free, and by its legs."""
        while (held := self._by_con_id.get(made.con_id)) is not None:
            if (held.symbol, held.legs) == (made.symbol, made.legs):
                return held
            made = replace(made, con_id=made.con_id + 1)
        self._by_con_id[made.con_id] = made
        self._by_name.setdefault(made.legs_description, made)
        return made

    def _candidates(self, wanted: Contract) -> Iterable[Instrument]:
        return self._by_symbol.get(wanted.symbol.upper(), ()) if wanted.symbol else self._static

    def _derived(self, wanted: Contract, *, include_expired: bool) -> Iterator[Instrument]:
        today = self._today()
        for product in self._products.values():
            if not _is_product(product, wanted):
                continue
            if wanted.sec_type == "CONTFUT":
                yield self._as_continuous(self._made(product, next(product.listing(today, today))))
                continue
            first = max(EPOCH, today - EXPIRED_KEPT) if include_expired else today
            for terms in product.listing(today, first):
                if means(product, wanted, terms):
                    yield self._made(product, terms)

    def _made(self, product: Product, terms: Terms) -> Instrument:
        id_ = con_id(product, terms)
        made = self._by_con_id.get(id_)
        if made is None:
            made = self._by_con_id[id_] = product.make(id_, terms)
        return made

    def _unpacked(self, id_: int) -> Instrument:
        if id_ < FIRST_ID:
            raise KeyError(id_)
        code, expiry, steps, is_put = unpack(id_)
        product = self._products[code]
        strike = product.strike_step * Decimal(steps)
        right = "" if isinstance(product, Future) else "P" if is_put else "C"
        terms = Terms(expiry, strike, right)
        if terms not in product.listing(expiry, expiry):
            raise KeyError(id_)
        return self._made(product, terms)

    def _as_continuous(self, front: Instrument) -> Instrument:
        known = self._continuous.get(front.con_id)
        if known is None:
            known = self._continuous[front.con_id] = replace(front, sec_type="CONTFUT")
        return known


def _is_product(product: Product, wanted: Contract) -> bool:
    kind = "FUT" if wanted.sec_type == "CONTFUT" else wanted.sec_type
    named = wanted.symbol.upper() in {"", product.symbol}
    return (
        kind in {"", product.sec_type}
        and named
        and wanted.trading_class in {"", product.trading_class}
        and (not wanted.local_symbol or wanted.local_symbol.startswith(product.trading_class))
        and not wanted.sec_id
    )
