"""What falls due by time alone: each wake, and what is done then for whom.

Before an order is looked at, its market is displayed as it is at that moment; what that does
to the order counts first.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.broker.agenda import Agenda, Wake
from simulator.broker.clearing import Clearing, night_ms
from simulator.broker.endings import Endings
from simulator.broker.floor import Floor
from simulator.broker.passage import Passage
from simulator.broker.records import BrokerOrder, CancelRequested, Change, Gate
from simulator.broker.scribe import Scribe
from simulator.broker.watch import ANYTHING
from simulator.instruments import ContractDatabase, Instrument
from simulator.order_types import auction_of
from simulator.records import Status


class Wakes:
    """Does what was planned, if it still is of any concern."""

    def __init__(
        self,
        scribe: Scribe,
        passage: Passage,
        floor: Floor,
        endings: Endings,
        *,
        clearing: Clearing,
        database: ContractDatabase,
        agenda: Agenda,
        cancel_latency_ms: int,
    ) -> None:
        self._scribe = scribe
        self._truth = scribe.truth
        self._passage = passage
        self._floor = floor
        self._endings = endings
        self._clearing = clearing
        self._database = database
        self._agenda = agenda
        self._cancel_latency_ms = cancel_latency_ms
        self._cancelling: dict[int, int | None] = {}
        self.look_at: Callable[[Instrument], None] = lambda _: None
        self._on_wake: dict[Wake, Callable[[BrokerOrder], None]] = {
            Wake.ACTIVATE: self._activate,
            Wake.AUCTION: self._hold_auction,
            Wake.LOOK: self._look_again,
            Wake.SLICE: floor.work_next_part,
            Wake.EXPIRE: endings.expire,
            Wake.CONFIRM_CANCEL: self._confirm_cancel,
            Wake.EXERCISE: clearing.carry_out,
        }

    def wake(self, wake: Wake, key: int) -> None:
        if wake is Wake.MATURE:
            self._mature(self._database[key])
        else:
            self._wake_order(wake, key)

    def plan_exercise(self, held: BrokerOrder) -> None:
        self._agenda.plan(night_ms(held.instrument, held.placed_ms), Wake.EXERCISE, held.perm_id)

    def request_cancel(self, held: BrokerOrder, by_client_id: int | None) -> None:
        """Send a cancel on its way; it arrives after the latency."""
        self._scribe.write(CancelRequested(self._scribe.changed(held, Change.CANCEL_REQUESTED)))
        self._cancelling[held.perm_id] = by_client_id
        due_ms = self._scribe.now_ms + self._cancel_latency_ms
        self._agenda.plan(due_ms, Wake.CONFIRM_CANCEL, held.perm_id)

    def has_cancel_arrived(self, held: BrokerOrder) -> bool:
        """Whether a cancel that was on its way when the journal ended is there; else it comes."""
        if held.status is not Status.PENDING_CANCEL:
            return False
        due_ms = held.changed_ms + self._cancel_latency_ms
        if due_ms > self._scribe.now_ms:
            self._agenda.plan(due_ms, Wake.CONFIRM_CANCEL, held.perm_id)
            return False
        self._confirm_cancel(held)
        return True

    def _wake_order(self, wake: Wake, perm_id: int) -> None:
        held = self._truth.orders[perm_id]
        if not held.is_live:
            return
        self.look_at(held.instrument)
        held = self._truth.orders[perm_id]
        if held.is_live:
            self._on_wake[wake](held)

    def _mature(self, instrument: Instrument) -> None:
        """The last day of a derivative is over: settle what is held of it, end its orders.

        What its holders have told to be done with it is done first.
        """
        self._floor.matured(instrument)
        for held in [self._truth.orders[perm_id] for perm_id in self._truth.live]:
            if held.instrument.con_id != instrument.con_id and not _has_leg(held, instrument):
                continue
            if held.instruction is not None:
                self._clearing.carry_out(held)
            elif self._truth.orders[held.perm_id].is_live:
                self._endings.end(held, "")
        self._clearing.settle(instrument)

    def _activate(self, held: BrokerOrder) -> None:
        if held.gate is Gate.TIME:
            self._passage.advance(held)

    def _hold_auction(self, held: BrokerOrder) -> None:
        """Hold the auction, unless the order is for another by now, or for none."""
        is_its_own = auction_of(held.order) is not None and self._passage.is_worked(held)
        if is_its_own and held.gate is Gate.HOURS:
            self._floor.hold_auction(held)

    def _look_again(self, held: BrokerOrder) -> None:
        del held
        self._passage.look(ANYTHING)

    def _confirm_cancel(self, held: BrokerOrder) -> None:
        if held.status is Status.PENDING_CANCEL:
            by_client_id = self._cancelling.pop(held.perm_id, held.client_id)
            self._endings.end(held, "", by_client_id)


def _has_leg(held: BrokerOrder, instrument: Instrument) -> bool:
    return any(leg.instrument.con_id == instrument.con_id for leg in held.instrument.legs)
