"""What reading a journal needs beyond its text, and how it says that something does not fit.

Instruments are looked up, as their facts stand in data files. Records that stand in many
lines are made once, so that a journal read takes no more memory than the one written did.

Assumption (ours): the contract id of a combination depends on its legs alone, so that the
contract of its order finds it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from simulator.instruments import Instrument
from simulator.records import Contract

InstrumentOf = Callable[[int], Instrument]
"""The instrument of a contract id, or `KeyError`."""

Find = Callable[[Contract], list[Instrument]]
"""The instruments that a contract can mean."""


class MisfitError(ValueError):
    """A value that does not fit its field; the message is the path of the field and why."""

    def __init__(self, reason: str, *path: str) -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path

    def under(self, name: str) -> MisfitError:
        """The same, seen from the record or tuple around it."""
        return MisfitError(self.reason, name, *self.path)

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.reason}" if self.path else self.reason


def _nowhere(con_id: int) -> Instrument:
    raise KeyError(con_id)


def _nothing(_: Contract) -> list[Instrument]:
    return []


class Source:
    """Finds instruments by id, and those of combinations by contract; knows what was read."""

    def __init__(self, instrument_of: InstrumentOf = _nowhere, find: Find = _nothing) -> None:
        self._instrument_of = instrument_of
        self._find = find
        self._instruments: dict[int, Instrument] = {}
        self._records: dict[tuple[type[Any], str], Any] = {}

    def instrument(self, con_id: int, contract: Contract | None) -> Instrument:
        """The instrument of an id; `contract` is what stands beside it in a record, if any."""
        if con_id not in self._instruments:
            self._instruments[con_id] = self._found(con_id, contract)
        return self._instruments[con_id]

    def once(self, kind: type[Any], data: Any, make: Callable[[], Any]) -> Any:
        """The record that was made from the same text before, else a new one."""
        key = kind, json.dumps(data)
        if key not in self._records:
            self._records[key] = make()
        return self._records[key]

    def _found(self, con_id: int, contract: Contract | None) -> Instrument:
        try:
            return self._instrument_of(con_id)
        except (KeyError, OverflowError):  # no date lies that far off
            for instrument in self._find(contract) if contract is not None else ():
                if instrument.con_id == con_id:
                    return instrument
        raise MisfitError(
            f"no instrument has the contract id {con_id}; "
            "start with the instruments that were there when it was written"
        )
