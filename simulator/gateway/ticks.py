"""Generic ticks: what each id of a request's list brings, when, and for which securities.

The ids a gateway takes are those that its error 321 names, the same for every security
type (captured from several gateways); an id that says nothing of a security is taken and
brings nothing. `DOCUMENTED_ONLY` are those that the vendor's table has beside them, taken
where they apply. Values follow from the tape, from the quote displayed and from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.gateway import tick_values as values
from simulator.gateway.figures import Figures
from simulator.gateway.tick_values import SHORT_TERMS, WEEKS, Told
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.messages.market_data import (
    TickGeneric,
    TickPrice,
    TickSize,
    TickString,
    TickType,
)

T = TickType
ALL = frozenset[str]()
STOCK = frozenset({"STK"})
TRADED = frozenset({"STK", "OPT", "FOP", "WAR", "FUT", "CONTFUT", "BOND", "CRYPTO", "CFD", "FUND"})
RANGED = TRADED - {"OPT", "FOP", "WAR"} | {"IND", "CASH"}

MINUTE_MS, SECOND_MS = 60_000, 1_000
PRICES = frozenset(
    {
        *(tick for _, low, high in WEEKS for tick in (low, high)),
        T.AUCTION_PRICE,
        T.MARK_PRICE,
        T.BID_YIELD,
        T.ASK_YIELD,
        T.LAST_YIELD,
        T.LAST_RTH_TRADE,
        T.CREDITMAN_SLOW_MARK_PRICE,
        T.ETF_NAV_LAST,
        T.ETF_FROZEN_NAV_LAST,
        T.ETF_NAV_HIGH,
        T.ETF_NAV_LOW,
    }
)
SIZES = frozenset(
    {
        *(tick for _, tick in SHORT_TERMS),
        T.AVG_VOLUME,
        T.OPTION_CALL_OPEN_INTEREST,
        T.OPTION_PUT_OPEN_INTEREST,
        T.OPTION_CALL_VOLUME,
        T.OPTION_PUT_VOLUME,
        T.AUCTION_VOLUME,
        T.AUCTION_IMBALANCE,
        T.REGULATORY_IMBALANCE,
        T.FUTURES_OPEN_INTEREST,
        T.AVG_OPT_VOLUME,
        T.SHORTABLE_SHARES,
    }
)
"""Which message carries a tick type: these two sets, text for text, and else a number."""


@dataclass(frozen=True, slots=True)
class Generic:
    """One id: its name in error 321, the securities it tells of, how often it looks again.

    `every_ms` 0 is with every quote. `security_types` empty means all.
    """

    name: str
    security_types: frozenset[str]
    every_ms: int
    tell: Callable[[Figures, Instrument, Quote], Told]

    def applies_to(self, instrument: Instrument) -> bool:
        return not self.security_types or instrument.sec_type in self.security_types


GENERICS: dict[int, Generic] = {
    100: Generic("100(Option Volume)", ALL, SECOND_MS, values.option_volume),
    101: Generic("101(Option Open Interest)", ALL, MINUTE_MS, values.open_interest),
    105: Generic("105(Average Opt Volume)", ALL, MINUTE_MS, values.average_option_volume),
    106: Generic("106(impvolat)", ALL, SECOND_MS, values.implied_volatility),
    165: Generic("165(Misc. Stats)", RANGED, SECOND_MS, values.misc),
    221: Generic("221/220(Creditman Mark Price)", ALL, 0, values.mark),
    225: Generic("225(Auction)", STOCK, SECOND_MS, values.auction),
    232: Generic("232/221(Pl Price)", ALL, 0, values.mark),
    233: Generic("233(RTVolume)", TRADED, 0, values.rt_volume),
    236: Generic("236(inventory)", STOCK, MINUTE_MS, values.shortable),
    258: Generic("258/47(Fundamentals)", STOCK, MINUTE_MS, values.fundamentals),
    292: Generic("292(Wide_news)", ALL, MINUTE_MS, values.nothing),
    293: Generic("293(TradeCount)", TRADED, SECOND_MS, values.trade_count),
    294: Generic("294(TradeRate)", TRADED, SECOND_MS, values.trade_rate),
    295: Generic("295(VolumeRate)", TRADED, SECOND_MS, values.volume_rate),
    318: Generic("318(LastRTHTrade)", TRADED | {"IND"}, SECOND_MS, values.last_liquid_trade),
    375: Generic("375(RTTrdVolume)", TRADED, 0, values.rt_trade_volume),
    411: Generic("411(rthistvol)", RANGED, MINUTE_MS, values.real_time_volatility),
    456: Generic("456/59(IBDividends)", STOCK, MINUTE_MS, values.dividends),
    460: Generic("460(Bond Factor Multiplier)", frozenset({"BOND"}), MINUTE_MS, values.bond_factor),
    577: Generic(
        "577(EtfNavLast(navlast))",
        STOCK,
        SECOND_MS,
        values.asset_value(T.ETF_NAV_LAST, lambda q: q.last),
    ),
    586: Generic("586(IPOHLMPRC)", ALL, MINUTE_MS, values.nothing),
    587: Generic("587(Pl Price Delayed)", ALL, MINUTE_MS, values.nothing),
    588: Generic(
        "588(Futures Open Interest)",
        frozenset({"FUT", "CONTFUT"}),
        MINUTE_MS,
        values.futures_interest,
    ),
    595: Generic("595(Short-Term Volume X Mins)", TRADED, SECOND_MS, values.short_term_volume),
    614: Generic("614(EtfNavMisc(high/low))", STOCK, SECOND_MS, values.asset_range),
    619: Generic("619(Creditman Slow Mark Price)", ALL, MINUTE_MS, values.slow_mark),
    623: Generic(
        "623(EtfFrozenNavLast(fznavlast))",
        STOCK,
        MINUTE_MS,
        values.asset_value(T.ETF_FROZEN_NAV_LAST, lambda q: q.close),
    ),
}
"""Ids of requests in the order and with the names of error 321."""

DOCUMENTED_ONLY: dict[int, Generic] = {
    104: Generic("104", STOCK | {"IND"}, MINUTE_MS, values.historical_volatility),
    162: Generic("162", frozenset({"IND"}), SECOND_MS, values.future_premium),
}
"""Ids of the vendor's table that error 321 does not name."""

OTHER_NUMBERS = {220: 221, 47: 258, 59: 456}
"""Second numbers of ids, as error 321 has them behind the stroke."""

LEGAL = ",".join(generic.name for generic in GENERICS.values())


YIELDS = Generic("", frozenset({"BOND"}), 0, values.yields)
"""What a line of a bond has unasked."""


def generic_of(id_: int, instrument: Instrument) -> Generic | None:
    """What an id means for a security; None for one that a gateway refuses."""
    generic = GENERICS.get(OTHER_NUMBERS.get(id_, id_))
    if generic is None and (documented := DOCUMENTED_ONLY.get(id_)) is not None:
        return documented if documented.applies_to(instrument) else None
    return generic


class GenericTicks:
    """The generic ticks of one line: each is sent when it says something new."""

    def __init__(
        self, figures: Figures, instrument: Instrument, req_id: int, generics: Iterable[Generic]
    ) -> None:
        self._figures = figures
        self._instrument = instrument
        self._req_id = req_id
        self._wanted = [generic for generic in generics if generic.applies_to(instrument)]
        self._due_ms = [0] * len(self._wanted)
        self._sent: dict[TickType, Decimal | str] = {}

    def __bool__(self) -> bool:
        return bool(self._wanted)

    def ticks(self, quote: Quote, now_ms: int) -> Iterator[Any]:
        for index, generic in enumerate(self._wanted):
            if now_ms < self._due_ms[index]:
                continue
            self._due_ms[index] = now_ms + generic.every_ms
            for tick_type, value in generic.tell(self._figures, self._instrument, quote):
                if self._sent.get(tick_type) != value:
                    self._sent[tick_type] = value
                    yield _record(self._req_id, tick_type, value)


def _record(req_id: int, tick_type: TickType, value: Decimal | str) -> Any:
    if isinstance(value, str):
        return TickString(req_id, tick_type, value)
    if tick_type in PRICES:
        return TickPrice(req_id, tick_type, value, Decimal(0))
    if tick_type in SIZES:
        return TickSize(req_id, tick_type, value)
    return TickGeneric(req_id, tick_type, value)
