"""One operation of the broker: at which time it happens, and what it has caused so far."""

from __future__ import annotations

from dataclasses import replace

from simulator.broker.records import TRANSITIONS, BrokerOrder, Change, Event
from simulator.broker.truth import Truth


class Scribe:
    """Writes events into the journal and hands them out when the operation is over."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.now_ms = 0
        self._events: list[Event] = []

    def write(self, event: Event) -> None:
        self.truth.record(event, self.now_ms)
        self._events.append(event)

    def take(self) -> list[Event]:
        """What has happened since this was last asked."""
        events, self._events = self._events, []
        return events

    def changed(self, held: BrokerOrder, change: Change, **terms: object) -> BrokerOrder:
        """An order after a change of its life; raises `KeyError` for one that cannot be."""
        status = TRANSITIONS[held.status, change]
        return replace(held, status=status, changed_ms=self.now_ms, **terms)  # type: ignore[arg-type]
