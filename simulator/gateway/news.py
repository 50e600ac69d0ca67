"""News: providers, headlines of a contract, their articles, and bulletins.

Every story is a function of the seed, the contract and a slot of time, so that history,
live headlines and articles agree and nothing is stored: an article id says which story it
is. A provider is one that the login subscribes to; any other code is error 10094.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.gateway.draws import draw
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.instruments import Instrument
from simulator.messages.news import (
    CancelNewsBulletins,
    HistoricalNews,
    HistoricalNewsEnd,
    NewsArticle,
    NewsBulletin,
    NewsProvider,
    NewsProviders,
    RequestHistoricalNews,
    RequestNewsArticle,
    RequestNewsBulletins,
    RequestNewsProviders,
    TickNews,
)
from simulator.records import Contract

PROVIDERS = {
    "BRFG": "Briefing.com General Market Columns",
    "BRFUPDN": "Briefing.com Analyst Actions",
    "DJ-N": "Dow Jones News Service",
    "DJ-RTA": "Dow Jones Real-Time News Asia Pacific",
    "DJ-RTE": "Dow Jones Real-Time News Europe",
    "DJ-RTG": "Dow Jones Real-Time News Global",
    "DJ-RTPRO": "Dow Jones Real-Time News Pro",
    "DJNL": "Dow Jones Newsletters",
}
"""The providers of a US paper account, as captured."""

SLOT_MS = 6 * 3_600_000
"""Each contract has one story in each slot, at some moment of it."""

HEADLINES_AT_ONCE = 3
"""Stories that a new subscriber of headlines gets."""

MAX_RESULTS = 300
"""Headlines that one request for history can get: the vendor's documentation."""

HORIZON_SLOTS = 4 * 365
"""How far back stories go: a year."""

TEXT_OR_HTML = 0
ARTICLE_ID = re.compile(r"(?P<provider>[A-Z-]+)\$(?P<con_id>[0-9a-f]+)\.(?P<slot>[0-9a-f]+)")
DATES = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y%m%d %H:%M:%S", "%Y%m%d-%H:%M:%S")

SUBJECTS = (
    "Shares of {name} Move in Heavy Trading >{symbol}",
    "{name} to Present at Investor Conference >{symbol}",
    "Analysts Review Their Targets for {name} >{symbol}",
    "{name} Announces Date of Quarterly Results >{symbol}",
    "Options Activity Rises in {name} >{symbol}",
    "{name} Names New Member of Its Board >{symbol}",
)


@dataclass(frozen=True, slots=True)
class Story:
    """One story of a contract; every provider carries it."""

    instrument: Instrument
    slot: int
    time_ms: int
    headline: str

    def article_id(self, provider: str) -> str:
        return f"{provider}${self.instrument.con_id:x}.{self.slot:x}"

    def text(self) -> str:
        when = datetime.fromtimestamp(self.time_ms / 1000, UTC)
        return (
            f"<p>{self.headline}</p><p>{when:%Y-%m-%d %H:%M} UTC. This story about "
            f"{self.instrument.long_name} was made up by a simulator.</p>"
        )


class UnknownProviderError(Exception):
    """A provider code that the login does not subscribe to."""


@dataclass(slots=True, eq=False)
class Headlines:
    """One client's headlines of one contract."""

    connection: Connection
    req_id: int
    instrument: Instrument
    providers: tuple[str, ...]


class News:
    """Answers news requests; sends headlines to market data lines that ask for them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._headlines: dict[tuple[Connection, int], Headlines] = {}
        self._bulletin_clients: dict[Connection, None] = {}
        self._bulletins: list[NewsBulletin] = []

    def handlers(self) -> Handlers:
        return {
            RequestNewsProviders: _providers,
            RequestNewsArticle: self._article,
            RequestHistoricalNews: self._history,
            RequestNewsBulletins: self._request_bulletins,
            CancelNewsBulletins: lambda c, _: self._bulletin_clients.pop(c, None),
        }

    def forget(self, connection: Connection) -> None:
        self._bulletin_clients.pop(connection, None)
        for key in [key for key in self._headlines if key[0] is connection]:
            del self._headlines[key]

    def publish(self, text: str, *, kind: int = 1, exchange: str = "") -> NewsBulletin:
        """Send a bulletin to all that ask for them; `kind` as in `NewsBulletin`."""
        bulletin = NewsBulletin(len(self._bulletins) + 1, kind, text, exchange)
        self._bulletins.append(bulletin)
        for connection in self._bulletin_clients:
            connection.send(bulletin)
        return bulletin

    # --- headlines on a market data line ---

    def open(
        self,
        connection: Connection,
        req_id: int,
        instrument: Instrument,
        providers: tuple[str, ...],
    ) -> None:
        """Send the latest headlines at once, as captured, and each new one when it breaks."""
        line = Headlines(connection, req_id, instrument, providers)
        self._headlines[connection, req_id] = line
        slot = self._hub.now_ms // SLOT_MS
        latest = [self._story(instrument, slot - back) for back in range(HEADLINES_AT_ONCE + 1)]
        for story in [s for s in latest if s.time_ms <= self._hub.now_ms][:HEADLINES_AT_ONCE]:
            self._send(line, story)
        upcoming = latest[0] if latest[0].time_ms > self._hub.now_ms else None
        self._plan(line, upcoming or self._story(instrument, slot + 1))

    def close(self, connection: Connection, req_id: int) -> None:
        self._headlines.pop((connection, req_id), None)

    def _plan(self, line: Headlines, story: Story) -> None:
        self._hub.plan(story.time_ms, lambda: self._break(line, story))

    def _break(self, line: Headlines, story: Story) -> None:
        if self._headlines.get((line.connection, line.req_id)) is line:
            self._send(line, story)
            self._plan(line, self._story(line.instrument, story.slot + 1))

    def _send(self, line: Headlines, story: Story) -> None:
        """One story comes once for each provider: seen from a real gateway."""
        for provider in line.providers:
            line.connection.send(
                TickNews(
                    line.req_id,
                    story.time_ms,
                    provider,
                    story.article_id(provider),
                    story.headline,
                    "L:en",
                )
            )

    # --- requests ---

    def _article(self, connection: Connection, request: RequestNewsArticle) -> None:
        story = self._story_of(request)
        if story is None:
            self._hub.error(connection, request.req_id, 10172)
        else:
            connection.send(NewsArticle(request.req_id, TEXT_OR_HTML, story.text()))

    def _story_of(self, request: RequestNewsArticle) -> Story | None:
        """The story an article id names, if it has happened and its provider carries it."""
        match = ARTICLE_ID.fullmatch(request.article_id)
        if match is None or match["provider"] != request.provider_code:
            return None
        found = self._hub.database.find(Contract(con_id=int(match["con_id"], 16)))
        slot = int(match["slot"], 16)
        now = self._hub.now_ms
        if not found or not -HORIZON_SLOTS <= slot - now // SLOT_MS <= 0:
            return None
        story = self._story(found[0], slot)
        return story if story.time_ms <= now and match["provider"] in PROVIDERS else None

    def _history(self, connection: Connection, request: RequestHistoricalNews) -> None:
        found = self._hub.database.find(Contract(con_id=request.con_id))
        try:
            providers = chosen(request.provider_codes.replace(",", "+"))
            start_ms = _time_ms(request.start_date_time, default=0)
            end_ms = _time_ms(request.end_date_time, default=self._hub.now_ms)
        except UnknownProviderError as error:
            self._hub.error(connection, request.req_id, 10094, provider=error)
            return
        except ValueError as error:
            self._hub.error(connection, request.req_id, 321, cause=error)
            return
        if len(found) != 1:
            self._hub.error(connection, request.req_id, 200)
            return
        wanted = min(max(request.total_results, 0), MAX_RESULTS)
        sent = 0
        for story in self._stories(found[0], start_ms, min(end_ms, self._hub.now_ms)):
            for provider in providers:
                if sent == wanted:
                    connection.send(HistoricalNewsEnd(request.req_id, has_more=True))
                    return
                sent += 1
                connection.send(_row(request.req_id, provider, story))
        connection.send(HistoricalNewsEnd(request.req_id, has_more=False))

    def _request_bulletins(self, connection: Connection, request: RequestNewsBulletins) -> None:
        """`all_messages` asks for those that were published before, too."""
        self._bulletin_clients[connection] = None
        if request.all_messages:
            connection.send(*self._bulletins)

    # --- stories ---

    def _stories(self, instrument: Instrument, start_ms: int, end_ms: int) -> Iterator[Story]:
        """The stories after a moment and up to another, latest first."""
        last = end_ms // SLOT_MS
        earliest = max(start_ms // SLOT_MS, self._hub.now_ms // SLOT_MS - HORIZON_SLOTS)
        for slot in range(last, earliest - 1, -1):
            story = self._story(instrument, slot)
            if start_ms < story.time_ms <= end_ms:
                yield story

    def _story(self, instrument: Instrument, slot: int) -> Story:
        bits = draw(self._hub.settings.seed, "news", instrument.con_id, slot)
        subject = SUBJECTS[bits % len(SUBJECTS)]
        name = instrument.long_name.title()
        return Story(
            instrument,
            slot,
            slot * SLOT_MS + (bits >> 8) % (SLOT_MS // 1000) * 1000,
            subject.format(name=name, symbol=instrument.symbol),
        )


def chosen(codes: str) -> tuple[str, ...]:
    """The providers of `BRFG+DJNL`. Raises `UnknownProviderError` with the first unknown one."""
    names = tuple(dict.fromkeys(filter(None, codes.split("+"))))
    for name in names:
        if name not in PROVIDERS:
            raise UnknownProviderError(name)
    return names


def _providers(connection: Connection, _request: RequestNewsProviders) -> None:
    connection.send(NewsProviders(tuple(NewsProvider(c, name) for c, name in PROVIDERS.items())))


def _row(req_id: int, provider: str, story: Story) -> HistoricalNews:
    when = datetime.fromtimestamp(story.time_ms / 1000, UTC)
    return HistoricalNews(
        req_id, f"{when:%Y-%m-%d %H:%M:%S}.0", provider, story.article_id(provider), story.headline
    )


def _time_ms(text: str, *, default: int) -> int:
    """A moment in UTC, with or without dashes, fraction and zone name. Raises `ValueError`."""
    text = text.strip().removesuffix(" UTC").removesuffix(" GMT")
    if not text:
        return default
    for pattern in DATES:
        try:
            moment = datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        return int(moment.timestamp() * 1000)
    raise ValueError(f"Invalid date '{text}'; write it as yyyy-MM-dd HH:mm:ss")
