"""Which instrument follows which: from the contract database, by underlying contract id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from simulator.instruments import Instrument, own_id
from simulator.market.models import OPTION_TYPES, FutureModel, Model, OptionModel

FUTURES = frozenset({"FUT", "CONTFUT"})
FOLLOWERS = FUTURES | OPTION_TYPES | {"CFD"}
"""Security types whose prices follow those of their underlying."""


def nothing(con_id: int) -> Instrument:
    """A database without instruments."""
    raise KeyError(con_id)


class Links:
    """The underlying and the model of each instrument; both are looked up once.

    `find` tells the instrument of a contract id or raises `KeyError`.
    """

    def __init__(self, find: Callable[[int], Instrument]) -> None:
        self._find = find
        self._unders: dict[int, Instrument | None] = {}
        self._models: dict[int, Model | None] = {}

    def underlying(self, instrument: Instrument) -> Instrument | None:
        """What an instrument follows, if anything: of a future without one, its root."""
        if instrument.con_id not in self._unders:
            self._unders[instrument.con_id] = self._underlying_of(instrument)
        return self._unders[instrument.con_id]

    def chain(self, instrument: Instrument) -> Iterator[Instrument]:
        """The instrument, its underlying, and so on to what follows nothing.

        Of a combination, that of each leg.
        """
        link: Instrument | None = instrument
        while link is not None:
            yield link
            link = self.underlying(link)
        for leg in instrument.legs:
            yield from self.chain(leg.instrument)

    def model(self, instrument: Instrument) -> Model | None:
        """How it follows its underlying; None for what does not, or has the very same quote."""
        if instrument.con_id not in self._models:
            self._models[instrument.con_id] = self._model_of(instrument)
        return self._models[instrument.con_id]

    def _underlying_of(self, instrument: Instrument) -> Instrument | None:
        if instrument.sec_type not in FOLLOWERS:
            return None
        try:
            return self._find(instrument.under_con_id)
        except KeyError:
            return _root(instrument) if instrument.sec_type in FUTURES else None

    def _model_of(self, instrument: Instrument) -> Model | None:
        under = self.underlying(instrument)
        if under is None or instrument.sec_type == "CFD":
            return None
        if instrument.sec_type in FUTURES:
            return FutureModel(instrument)
        return OptionModel(instrument, under)


def _root(future: Instrument) -> Instrument:
    """What all months of a future follow that has no underlying in the database."""
    id_ = own_id("root", future.trading_class, future.exchange)
    return replace(future, con_id=id_, sec_type="IND", under_con_id=0, expiry="")
