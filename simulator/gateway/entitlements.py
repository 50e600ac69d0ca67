"""What the login may see of an instrument, and how a request is answered for it.

One row of `RULES` for each state a login was seen in. Codes that come with data are
notices; the others end the request. Causes and texts: captured logs and the vendor's table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.instruments import Instrument

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
"""Market data types of requests and replies."""


class Entitlement(StrEnum):
    """What the login may see of an instrument."""

    LIVE = "live"
    DELAYED = "delayed"
    """Subscribed, but not for the API; delayed data for who asks for them."""
    UNSUBSCRIBED = "unsubscribed"
    """Not subscribed; delayed data for who asks for them."""
    NONE = "none"
    """Not subscribed, and delayed data are not enabled for anybody."""
    UNAVAILABLE = "unavailable"
    """Not subscribed, and the exchange has no delayed data."""
    DISABLED = "disabled"
    """As `NONE`, with the code of newer gateways."""
    PARTIAL = "partial"
    """Subscribed but for bid and ask."""
    PARTIAL_API = "partial_api"
    """Subscribed but for bid and ask, which need a subscription for the API."""
    COMPETING = "competing"
    """The same user watches the market in another session."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An error or notice (0: none), and whether data follow: live or delayed ones, or none."""

    code: int = 0
    data: int | None = None
    without_top: bool = False


_LIVE = Answer(0, LIVE)
_ON_REQUEST = Answer(10167, DELAYED)

RULES: dict[Entitlement, tuple[Answer, Answer]] = {
    Entitlement.LIVE: (_LIVE, _LIVE),
    Entitlement.DELAYED: (Answer(10089), _ON_REQUEST),
    Entitlement.UNSUBSCRIBED: (Answer(10168), _ON_REQUEST),
    Entitlement.NONE: (Answer(10168), Answer(10168)),
    Entitlement.UNAVAILABLE: (Answer(354), Answer(354)),
    Entitlement.DISABLED: (Answer(10186), Answer(10186)),
    Entitlement.PARTIAL: (Answer(10090, LIVE, True), Answer(10090, LIVE, True)),
    Entitlement.PARTIAL_API: (Answer(10091, LIVE, True), Answer(10091, LIVE, True)),
    Entitlement.COMPETING: (Answer(10197), Answer(10197)),
}
"""How requests for live (or frozen) and for delayed data are answered."""

ON_SNAPSHOT = frozenset({Entitlement.DELAYED, Entitlement.UNSUBSCRIBED, Entitlement.PARTIAL})
"""States in which a regulatory snapshot, which is paid for one by one, is live all the same."""


class Entitlements:
    """The entitlements of the login: one for all instruments, and exceptions."""

    def __init__(self) -> None:
        self._usual = Entitlement.LIVE
        self._special: dict[int, Entitlement] = {}

    def set(self, instrument: Instrument | None, entitlement: Entitlement) -> None:
        """Set one instrument's; None sets that of all, without exception."""
        if instrument is None:
            self._usual = entitlement
            self._special.clear()
        else:
            self._special[instrument.con_id] = entitlement

    def of(self, instrument: Instrument) -> Entitlement:
        return self._special.get(instrument.con_id, self._usual)

    def answer(self, instrument: Instrument, wanted: int, *, is_regulatory: bool = False) -> Answer:
        """How a request for a market data type is answered; a number unknown means live."""
        entitlement = self.of(instrument)
        if is_regulatory and instrument.bbo_exchange and entitlement in ON_SNAPSHOT:
            return _LIVE
        live, delayed = RULES[entitlement]
        return delayed if wanted in {DELAYED, DELAYED_FROZEN} else live
