"""The life of a connection as one printable table: (state, event) → state.

It knows no socket and no library; the real client and the mock feed it events.
Rule: a pair that is not in the table is a programming error and raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from types import MappingProxyType


class ConnectionState(StrEnum):
    DISCONNECTED = auto()
    """Never connected, or every attempt failed."""
    CONNECTING = auto()
    SYNCING = auto()
    """The session is open; the start-up snapshot or the subscriptions are being restored."""
    READY = auto()
    """Checked and usable. The only state in which `is_connected()` is True."""
    DEGRADED = auto()
    """Our link is up, the gateway has lost IB (1100, 2110): reading goes on, orders are refused."""
    RECONNECTING = auto()
    """The link dropped without our doing; attempts go on in the background."""
    CLOSED = auto()
    """Closed by `disconnect()`."""


class Cause(StrEnum):
    """What moves a connection from one state to another."""

    OPEN = auto()
    LINKED = auto()
    SYNCED = auto()
    RETRY = auto()
    FAILED = auto()
    UPSTREAM_LOST = auto()
    UPSTREAM_RESTORED = auto()
    DATA_LOST = auto()
    LINK_LOST = auto()
    CLOSE = auto()


_S, _C = ConnectionState, Cause

# fmt: off
TRANSITIONS: Mapping[tuple[ConnectionState, Cause], ConnectionState] = MappingProxyType({
    (_S.DISCONNECTED, _C.OPEN):              _S.CONNECTING,
    (_S.DISCONNECTED, _C.CLOSE):             _S.CLOSED,

    (_S.CONNECTING,   _C.LINKED):            _S.SYNCING,
    (_S.CONNECTING,   _C.RETRY):             _S.CONNECTING,
    (_S.CONNECTING,   _C.FAILED):            _S.DISCONNECTED,
    (_S.CONNECTING,   _C.CLOSE):             _S.CLOSED,

    (_S.SYNCING,      _C.SYNCED):            _S.READY,
    (_S.SYNCING,      _C.RETRY):             _S.CONNECTING,
    (_S.SYNCING,      _C.FAILED):            _S.DISCONNECTED,
    (_S.SYNCING,      _C.LINK_LOST):         _S.RECONNECTING,
    (_S.SYNCING,      _C.CLOSE):             _S.CLOSED,

    (_S.READY,        _C.UPSTREAM_LOST):     _S.DEGRADED,
    (_S.READY,        _C.DATA_LOST):         _S.SYNCING,
    (_S.READY,        _C.LINK_LOST):         _S.RECONNECTING,
    (_S.READY,        _C.CLOSE):             _S.CLOSED,

    (_S.DEGRADED,     _C.UPSTREAM_RESTORED): _S.READY,
    (_S.DEGRADED,     _C.DATA_LOST):         _S.SYNCING,
    (_S.DEGRADED,     _C.LINK_LOST):         _S.RECONNECTING,
    (_S.DEGRADED,     _C.CLOSE):             _S.CLOSED,

    (_S.RECONNECTING, _C.LINKED):            _S.SYNCING,
    (_S.RECONNECTING, _C.FAILED):            _S.DISCONNECTED,
    (_S.RECONNECTING, _C.CLOSE):             _S.CLOSED,

    (_S.CLOSED,       _C.OPEN):              _S.CONNECTING,
})
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEvent:
    """The state changed. `time` is UTC; `reason` is for people."""

    previous: ConnectionState
    state: ConnectionState
    cause: Cause
    reason: str
    time: datetime


class IllegalTransition(RuntimeError):  # noqa: N818 - as in ibkr.errors: the name says it
    """A cause that the table does not allow in the current state: a bug in this package."""


def next_state(state: ConnectionState, cause: Cause) -> ConnectionState:
    """Look the pair up; raises IllegalTransition where the table has no row."""
    try:
        return TRANSITIONS[state, cause]
    except KeyError:
        raise IllegalTransition(f"{cause} is not possible in state {state}") from None


def render_table() -> str:
    """The transition table as aligned text, one row per line."""
    return "\n".join(
        f"{before:<13} {cause:<18} {after}" for (before, cause), after in TRANSITIONS.items()
    )
