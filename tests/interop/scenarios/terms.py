"""What scenarios are made of: actions, sightings, steps. Data only; knows no library.

A step lists all fills and all errors it brings, in their order: one more or less fails it.
Orders are named by a key; most scenarios have one order, called `it`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator import records as r

ANY = "PreSubmitted or Submitted"
"""A market order that waits: purchases begin pre-submitted, sales submitted, as captured."""

MADE = "made"
"""The key of the order that the broker itself made for the first client; it has no id."""

LIVE = frozenset({"PreSubmitted", "Submitted", "PendingCancel"})

D = Decimal
AAPL = r.Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
BUY = r.Order(action="BUY", total_quantity=D(100), tif="DAY", use_price_mgmt_algo=0)


# --- what is done ---


@dataclass(frozen=True, slots=True)
class Place:
    """Send an order; once more under the same key means new terms."""

    order: r.Order
    key: str = "it"
    contract: r.Contract = AAPL
    client: int = 1
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """Ask what an order would do."""

    order: r.Order
    key: str = "it"
    contract: r.Contract = AAPL
    client: int = 1


@dataclass(frozen=True, slots=True)
class Cancel:
    key: str = "it"


@dataclass(frozen=True, slots=True)
class Quote:
    """Display a quote; the last price is the middle if none is given."""

    bid: str | None
    ask: str | None
    bid_size: str = "500"
    ask_size: str = "500"
    last: str | None = None
    name: str = "AAPL"


@dataclass(frozen=True, slots=True)
class Print:
    """Have the tape show a trade."""

    price: str
    size: str = "100"
    name: str = "AAPL"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    hours: float = 0
    minutes: float = 0
    seconds: float = 0

    @property
    def total_s(self) -> float:
        return (self.hours * 60 + self.minutes) * 60 + self.seconds


@dataclass(frozen=True, slots=True)
class NextSession:
    """Let time pass until the next session opens."""

    name: str = "AAPL"


@dataclass(frozen=True, slots=True)
class Halt:
    name: str = "AAPL"


@dataclass(frozen=True, slots=True)
class Resume:
    name: str = "AAPL"


@dataclass(frozen=True, slots=True)
class RejectNext:
    """Have the gateway refuse the next order, whatever it is."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class FillBy:
    """Have the test fill an order, whatever the market shows."""

    quantity: str
    price: str
    key: str = "it"


@dataclass(frozen=True, slots=True)
class Pay:
    """Pay money into the account, or out of it if negative."""

    amount: str


Action = (
    Place
    | Preview
    | Cancel
    | Quote
    | Print
    | Wait
    | NextSession
    | Halt
    | Resume
    | RejectNext
    | FillBy
    | Pay
)


# --- what is seen ---


@dataclass(frozen=True, slots=True)
class Now:
    """Where an order stands after a step, as its status and its echo tell.

    `limit` and `stop` are those of the last open order; None: not looked at.
    """

    status: str
    filled: str = "0"
    why_held: str = ""
    key: str = "it"
    limit: str | None = None
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """An execution; of a leg of a combination with the local symbol of the leg."""

    quantity: str
    price: str
    key: str = "it"
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Error:
    """An error or warning, and a part of its text."""

    code: int
    text: str = ""
    key: str = "it"


@dataclass(frozen=True, slots=True)
class Effect:
    """The answer to a what-if order: what changes, and the commission."""

    initial_margin: str
    equity: str
    commission: str
    key: str = "it"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Nothing was told of an order."""

    key: str = "it"


Sighting = Now | Fill | Error | Effect | Unseen


@dataclass(frozen=True, slots=True)
class Step:
    action: Action
    sightings: tuple[Sighting, ...]

    def of(self, kind: type[Any]) -> list[Any]:
        return [sighting for sighting in self.sightings if isinstance(sighting, kind)]


def do(action: Action, *sightings: Sighting) -> Step:
    return Step(action, sightings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One life of an order, or of several.

    `about` is the row of the table that it is evidence for, `subject` the order that is
    meant; `waits` says what that order waits for, `when` what makes it refused or ended.
    `world` are settings of the simulator.
    """

    name: str
    about: str
    steps: tuple[Step, ...]
    subject: str = "it"
    waits: str = ""
    when: str = ""
    world: Mapping[str, Any] = field(default_factory=dict)

    @property
    def side(self) -> str:
        return self.placed.order.action.lower()

    @property
    def placed(self) -> Place | Preview:
        """The subject as it was first sent."""
        return next(
            step.action
            for step in self.steps
            if isinstance(step.action, Place | Preview) and step.action.key == self.subject
        )

    def sightings(self, kind: type[Any]) -> Iterator[Any]:
        """What is seen of the subject, in order."""
        for step in self.steps:
            yield from (s for s in step.of(kind) if s.key == self.subject)

    def codes(self) -> Iterable[int]:
        return (s.code for step in self.steps for s in step.of(Error))
