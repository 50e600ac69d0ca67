"""All desks of a broker, and which of them may have something to match."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.broker.desk import Desk
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.matching import FillModel


class Desks:
    """The desk of each instrument, opened when it is first asked for."""

    def __init__(self, model: FillModel) -> None:
        self._model = model
        self._desks: dict[int, Desk] = {}
        self._dirty: dict[int, None] = {}

    def __contains__(self, con_id: int) -> bool:
        return con_id in self._desks

    def __iter__(self) -> Iterator[Desk]:
        return iter(self._desks.values())

    def of(self, instrument: Instrument) -> Desk:
        desk = self._desks.get(instrument.con_id)
        if desk is None:
            desk = self._desks[instrument.con_id] = Desk(instrument, self._model)
        return desk

    def quotes(self, con_id: int) -> tuple[Quote | None, Quote | None]:
        """What is displayed of a contract, and what was before."""
        desk = self._desks.get(con_id)
        return (None, None) if desk is None else (desk.quote, desk.before)

    def set_model(self, model: FillModel) -> None:
        """Fill by another model everywhere, and at desks that are opened later."""
        self._model = model
        for desk in self:
            desk.book.model = model

    def touch(self, instrument: Instrument) -> None:
        """Something has changed at a desk that may let orders trade."""
        self._dirty[instrument.con_id] = None

    def next_touched(self) -> Desk | None:
        """A desk that was touched and not yet found quiet."""
        con_id = next(iter(self._dirty), None)
        return None if con_id is None else self._desks[con_id]

    def leave(self, desk: Desk) -> None:
        """Nothing trades at a desk until it is touched again."""
        del self._dirty[desk.instrument.con_id]
