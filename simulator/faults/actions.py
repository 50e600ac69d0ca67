"""What a fault does: one frozen record for each action, in one table by name.

Data. A parameter is a field with its type, its limits and perhaps a default; what does not
fit is a `ValueError` that names it. Many troubles are one action at another point: a dialog
that nobody clicks is `mute` at `accept`, a gateway that is down behind a proxy is `fin` there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from simulator.faults.points import Where
from simulator.gateway.upstream import BROKEN, LOST, FarmState, Loss

ANYWHERE = frozenset(Where)
MESSAGE = frozenset({Where.REQUEST, Where.REPLY})
REPLY = frozenset({Where.REPLY})
DAY_S = 86_400
MONTH_S = 31 * DAY_S


def within(low: float, high: float, **default: Any) -> Any:
    """A field whose value is a number between two others."""
    return field(metadata={"low": low, "high": high}, **default)


class Direction(StrEnum):
    """As the gateway sees it: `in` is what clients send."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


class Restart(StrEnum):
    """`soft`: the nightly one, which ends sessions in order and keeps what waits for IB; `cold`:
    with a new login, so what waits is lost; `crash`: like that, and sockets are reset.
    """

    SOFT = "soft"
    COLD = "cold"
    CRASH = "crash"


class IdRule(StrEnum):
    """What a client is told as its next order id: `monotone` what the broker knows of, `back`
    a lower one, whose ids were used, `reset` 1, `ahead` a higher one.
    """

    MONOTONE = "monotone"
    BACK = "back"
    RESET = "reset"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that goes wrong. `points` is where it may be put."""

    points: ClassVar[frozenset[Where]] = ANYWHERE
    only: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        for parameter in dataclasses.fields(self):
            value, limits = getattr(self, parameter.name), parameter.metadata
            if limits and value is not None and not limits["low"] <= value <= limits["high"]:
                raise ValueError(
                    f"{parameter.name} must be between {limits['low']} and {limits['high']}, "
                    f"not {value}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting(Action):
    """Something that stays until its time is over (None: until the fault is cleared)."""

    seconds: float | None = within(0, MONTH_S, default=None)


# --- the socket ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Fin(Action):
    """The gateway closes the connection; what waited to be sent is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rst(Action):
    """The gateway resets the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(Lasting):
    """Nothing goes through, and the socket stays open.

    With `buffer` it comes all the same once this is over, even what a client has sent that is
    gone by then; without, it is lost.
    """

    direction: Direction = Direction.BOTH
    buffer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRead(Lasting):
    """The gateway takes the connection and does not read from it: buffers fill up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Lasting):
    """What is sent is written in pieces of so many bytes."""

    size: int = within(1, 65_536, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce(Action):
    """What is sent is collected for a while, and written at once then."""

    seconds: float = within(0, MONTH_S, default=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Lasting):
    """So many bytes a second go through."""

    bytes_per_s: int = within(1, 10**9)
    direction: Direction = Direction.BOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Action):
    """The port is closed; connections there are stay."""

    seconds: float | None = within(0, MONTH_S, default=None)


# --- messages ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Swallow(Action):
    """The message is lost."""

    points: ClassVar[frozenset[Where]] = MESSAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Action):
    """The message comes later; others overtake it."""

    points: ClassVar[frozenset[Where]] = MESSAGE
    seconds: float = within(0, MONTH_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate(Action):
    """The message comes so many times more."""

    points: ClassVar[frozenset[Where]] = MESSAGE
    count: int = within(1, 1_000, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder(Action):
    """The message comes after so many that follow it."""

    points: ClassVar[frozenset[Where]] = MESSAGE
    window: int = within(1, 1_000, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate(Action):
    """The message lacks so many of its last fields."""

    points: ClassVar[frozenset[Where]] = REPLY
    fields: int = within(1, 1_000, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Action):
    """The message has further fields at its end."""

    points: ClassVar[frozenset[Where]] = REPLY
    texts: tuple[str, ...] = ("0",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alter(Action):
    """One field of the message has another text.

    `field` is the name of an attribute of its record (dots reach into nested ones), or its
    number on the wire, where 0 is the message id.
    """

    points: ClassVar[frozenset[Where]] = REPLY
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupt(Action):
    """One byte of the message is another; `mask` has the bits that change."""

    points: ClassVar[frozenset[Where]] = REPLY
    position: int = within(0, 1 << 20, default=0)
    mask: int = within(1, 255, default=0x80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Action):
    """A message that nobody knows, well-formed."""

    message_id: int = within(0, 2**31 - 1, default=999)
    texts: tuple[str, ...] = ("1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw(Action):
    """Bytes, in hexadecimal: the gateway sends them as they are, without a length before them."""

    data: str

    def __post_init__(self) -> None:
        try:
            bytes.fromhex(self.data)
        except ValueError:
            raise ValueError(
                f"data must be hexadecimal, like 00000000, not {self.data!r}"
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Action):
    """An error, a warning or a notice.

    `id` left out: that of the message it stands at, else -1, the system's. `text` left out: the
    gateway's own. `instead`: a request is answered by it alone, and nothing else happens.
    """

    points: ClassVar[frozenset[Where]] = ANYWHERE - {Where.ACCEPT}  # no version is agreed on yet
    code: int = within(0, 99_999)
    text: str = ""
    id: int | None = None
    instead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Action):
    """The order is placed, and its client is told nothing of it, ever."""

    points: ClassVar[frozenset[Where]] = frozenset({Where.REQUEST})
    only: ClassVar[frozenset[str]] = frozenset({"PlaceOrder"})


# --- sessions ---


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleSession(Lasting):
    """A client id stays in use after its client is gone (326 for who comes back)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextId(Action):
    """Order ids are counted from elsewhere; `by` is how many fewer or more."""

    rule: IdRule = IdRule.BACK
    by: int = within(1, 10**6, default=1)


# --- the gateway ---


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseUpstream(Lasting):
    """The gateway has no connection to IB; see `simulator.gateway.upstream`."""

    code: int = LOST
    repeats: int = within(1, 1_000, default=1)
    maintain: bool = True
    clones: bool = False
    keeps_news: bool = False

    def __post_init__(self) -> None:
        Action.__post_init__(self)
        if self.code not in {LOST, BROKEN}:
            raise ValueError(f"code must be {LOST} or {BROKEN}, not {self.code}")

    @property
    def loss(self) -> Loss:
        return Loss(
            code=self.code,
            repeats=self.repeats,
            maintain=self.maintain,
            clones=self.clones,
            keeps_news=self.keeps_news,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreUpstream(Action):
    """The connection to IB is back: 1102, or 1101 if data was lost."""

    data_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap(Action):
    """The connection to IB is lost and restored so many times, each for half of `seconds`."""

    count: int = within(1, 1_000, default=3)
    seconds: float = within(0.002, DAY_S, default=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm(Action):
    """A data farm is in another state, and clients are told."""

    name: str = "usfarm"
    state: FarmState = FarmState.BROKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartGateway(Action):
    """The gateway ends all sessions and is back after a while, with the same broker."""

    kind: Restart = Restart.SOFT
    outage_s: float = within(0, MONTH_S, default=35.0)
    next_id: IdRule = IdRule.MONOTONE
    by: int = within(1, 10**6, default=1)


ACTIONS: dict[str, type[Action]] = {
    "fin": Fin,
    "rst": Rst,
    "mute": Mute,
    "never_read": NeverRead,
    "slice": Slice,
    "coalesce": Coalesce,
    "slow": Slow,
    "refuse": Refuse,
    "swallow": Swallow,
    "delay": Delay,
    "duplicate": Duplicate,
    "reorder": Reorder,
    "truncate": Truncate,
    "extend": Extend,
    "alter": Alter,
    "corrupt": Corrupt,
    "unknown": Unknown,
    "raw": Raw,
    "error": Error,
    "silence": Silence,
    "stale_session": StaleSession,
    "next_id": NextId,
    "lose_upstream": LoseUpstream,
    "restore_upstream": RestoreUpstream,
    "flap": Flap,
    "farm": Farm,
    "restart": RestartGateway,
}
NAMES: dict[type[Action], str] = {kind: name for name, kind in ACTIONS.items()}

KEEPING = (Delay, Reorder)
"""What has a message wait."""

ON_LINE = (Mute, NeverRead, Slice, Coalesce, Slow)
"""What keeps back the bytes of a connection for a while."""

ON_CONNECTION = (*ON_LINE, Fin, Rst, Unknown, Raw, Error)
"""What needs somebody who is connected."""
