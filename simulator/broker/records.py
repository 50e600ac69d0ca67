"""What the broker keeps: orders at one moment, and the events of its journal.

Orders are immutable snapshots; an event carries the order as it was then. The life of an
order is one table, `TRANSITIONS`. Where an order waits before it is worked is its `Gate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum

from simulator.instruments import Instrument
from simulator.records import Contract, Execution, Order, Status

ZERO = Decimal(0)
_FINE = Decimal("0.00000001")


class Change(Enum):
    """What can happen to an order."""

    HELD = "held"
    ROUTED = "routed"
    PART_FILLED = "part filled"
    FILLED = "filled"
    CANCEL_REQUESTED = "cancel requested"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


_LIFE: dict[Status, dict[Change, Status]] = {
    Status.PENDING_SUBMIT: {
        Change.HELD: Status.PRE_SUBMITTED,
        Change.ROUTED: Status.SUBMITTED,
        Change.CANCELLED: Status.CANCELLED,
        Change.REJECTED: Status.INACTIVE,
    },
    Status.PRE_SUBMITTED: {
        Change.HELD: Status.PRE_SUBMITTED,
        Change.ROUTED: Status.SUBMITTED,
        Change.PART_FILLED: Status.SUBMITTED,
        Change.FILLED: Status.FILLED,
        Change.CANCEL_REQUESTED: Status.PENDING_CANCEL,
        Change.CANCELLED: Status.CANCELLED,
        Change.REJECTED: Status.INACTIVE,
    },
    Status.SUBMITTED: {
        Change.HELD: Status.PRE_SUBMITTED,
        Change.ROUTED: Status.SUBMITTED,
        Change.PART_FILLED: Status.SUBMITTED,
        Change.FILLED: Status.FILLED,
        Change.CANCEL_REQUESTED: Status.PENDING_CANCEL,
        Change.CANCELLED: Status.CANCELLED,
        Change.REJECTED: Status.INACTIVE,
    },
    Status.PENDING_CANCEL: {
        Change.HELD: Status.PENDING_CANCEL,
        Change.ROUTED: Status.PENDING_CANCEL,
        Change.REJECTED: Status.INACTIVE,
        Change.PART_FILLED: Status.PENDING_CANCEL,
        Change.FILLED: Status.FILLED,
        Change.CANCEL_REQUESTED: Status.PENDING_CANCEL,
        Change.CANCELLED: Status.CANCELLED,
    },
    Status.INACTIVE: {
        Change.HELD: Status.PRE_SUBMITTED,
        Change.ROUTED: Status.SUBMITTED,
        Change.CANCELLED: Status.CANCELLED,
        Change.REJECTED: Status.INACTIVE,
    },
}
TRANSITIONS: dict[tuple[Status, Change], Status] = {
    (before, change): after for before, row in _LIFE.items() for change, after in row.items()
}
"""The life of an order. What is absent cannot happen: a done order stays done.

An inactive order was rejected, or is out of force; new terms or a cancel may follow. Whatever
happens to an order while its cancel is on the way, the cancel stays on the way.
"""

LIVE = frozenset({Status.PRE_SUBMITTED, Status.SUBMITTED, Status.PENDING_CANCEL})
DONE = frozenset({Status.FILLED, Status.CANCELLED})


class Gate(IntEnum):
    """What an order waits for, in the order in which it is asked; `BOOK`: it is worked."""

    TRANSMIT = 0
    PARENT = 1
    TIME = 2
    CONDITIONS = 3
    HOURS = 4
    TRIGGER = 5
    BOOK = 6


class Instruction(Enum):
    """What the holder of an option wants done with it, by the number of the wire."""

    EXERCISE = 1
    LAPSE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """One order as the broker holds it, at one moment.

    `parent_perm_id` is the order it is attached to, `placed_after` how many executions there
    were when it was placed. `is_triggered`: a stop was elected, or
    its conditions were met, for good; `stop_price` is where its trigger stands now, and
    `work_limit` the limit it works at now, where that is not the limit it was sent with
    (None: no such price). `oca_reduced` is what its group took off its size. An instruction
    for an option held is shown to clients as an order; no book holds it. An order entered by
    hand in TWS has client 0 and, until it is bound, order id 0. `shares` are those of the accounts
    of a group; such an order is held in the name of the advisor's account.
    """

    perm_id: int
    client_id: int
    order_id: int
    account: str
    instrument: Instrument
    contract: Contract
    order: Order
    status: Status
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    last_fill_price: Decimal = ZERO
    commission: Decimal | None = None
    changed_ms: int = 0
    ending: str = ""
    instruction: Instruction | None = None
    gate: Gate = Gate.BOOK
    parent_perm_id: int = 0
    placed_ms: int = 0
    placed_after: int = 0
    conditions_met: bool = False
    is_triggered: bool = False
    stop_price: Decimal | None = None
    work_limit: Decimal | None = None
    quantity: Decimal = ZERO
    shares: tuple[tuple[str, Decimal], ...] = ()

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def average_fill_price(self) -> Decimal:
        return (self.paid / self.filled).quantize(_FINE).normalize() if self.filled else ZERO

    @property
    def is_done(self) -> bool:
        return self.status in DONE

    @property
    def is_inactive(self) -> bool:
        return self.status is Status.INACTIVE

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


@dataclass(frozen=True, slots=True)
class Accepted:
    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class Replaced:
    """Terms or status of an order have changed."""

    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class Moved:
    """A trailing stop or a pegged price has moved; no client is told, as by a real gateway."""

    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class Executed:
    """A fill, with what it cost and what it realised (None: it closed nothing).

    `instrument` is what was traded: for a leg of a combination that leg. A combination
    itself is not booked (`is_booked` false): its legs are; nor is what an advisor traded for
    a group: the shares of the accounts are.
    """

    order: BrokerOrder
    execution: Execution
    time_ms: int
    commission: Decimal
    realized_pnl: Decimal | None
    instrument: Instrument
    is_booked: bool = True

    @property
    def is_purchase(self) -> bool:
        """Whether the account has more of the instrument now."""
        return self.execution.side == "BOT"

    @property
    def is_part(self) -> bool:
        """Whether it is a part of another execution, which fills the order: a leg, or a share."""
        is_leg = self.instrument.con_id != self.order.instrument.con_id
        accounts = dict(self.order.shares)
        is_share = self.execution.account in accounts and self.order.account not in accounts
        return is_leg or is_share


@dataclass(frozen=True, slots=True)
class Corrected:
    """An execution was revised: `executed` has the new figures and an id that ends one higher.

    No shares left: the trade was busted.
    """

    executed: Executed
    revises: str

    @property
    def order(self) -> BrokerOrder:
        return self.executed.order


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A cancel is on its way; until it is confirmed the order may still be filled."""

    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`by_client_id` is the client whose request it was, None where the broker ended it."""

    order: BrokerOrder
    reason: str
    by_client_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Inactive; `code` 0: without an error, as gateways do with a FOK that cannot be filled."""

    order: BrokerOrder
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """New terms of a live order were refused; it stays as it is."""

    order: BrokerOrder
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class CashMoved:
    """Money paid in (positive) or out of an account."""

    account: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """A request about orders waits in the gateway or on its way; the broker has not got it."""

    client_id: int
    order_id: int
    request: str
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A request about orders was lost: the broker never gets it."""

    client_id: int
    order_id: int
    request: str
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class IdsReset:
    """The gateway counts a client's order ids from here on, whatever was used before.

    The id of an order that is over names the next order that is given it.
    """

    client_id: int
    next_order_id: int


OrderEvent = (
    Accepted
    | Replaced
    | Moved
    | Executed
    | Corrected
    | CancelRequested
    | Cancelled
    | Rejected
    | Refused
)
Unseen = Held | Dropped | IdsReset
"""What no client is told of."""

Event = OrderEvent | CashMoved | Unseen


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    sequence: int
    time_ms: int
    event: Event
