"""News: bulletins, providers, articles, history, headlines on a quote line."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.records import TagValues
from simulator.wire import (
    BOOL,
    INT,
    LONG,
    TAGS,
    TEXT,
    Constant,
    Field,
    Layout,
    Many,
    Message,
)


@dataclass(frozen=True, slots=True)
class RequestNewsBulletins:
    all_messages: bool


@dataclass(frozen=True, slots=True)
class CancelNewsBulletins:
    pass


@dataclass(frozen=True, slots=True)
class RequestNewsArticle:
    req_id: int
    provider_code: str
    article_id: str
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class RequestNewsProviders:
    pass


@dataclass(frozen=True, slots=True)
class RequestHistoricalNews:
    req_id: int
    con_id: int
    provider_codes: str
    start_date_time: str
    end_date_time: str
    total_results: int
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class NewsBulletin:
    """`kind` 1 bulletin, 2 exchange unavailable, 3 exchange available."""

    id: int
    kind: int
    text: str
    exchange: str


@dataclass(frozen=True, slots=True)
class NewsArticle:
    """`kind` 0 text or HTML, 1 a PDF in base64."""

    req_id: int
    kind: int
    text: str


@dataclass(frozen=True, slots=True)
class TickNews:
    req_id: int
    time_ms: int
    provider_code: str
    article_id: str
    headline: str
    extra_data: str = ""


@dataclass(frozen=True, slots=True)
class NewsProvider:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class NewsProviders:
    providers: tuple[NewsProvider, ...]


@dataclass(frozen=True, slots=True)
class HistoricalNews:
    """`time` is `YYYY-MM-DD HH:MM:SS.0`, UTC."""

    req_id: int
    time: str
    provider_code: str
    article_id: str
    headline: str


@dataclass(frozen=True, slots=True)
class HistoricalNewsEnd:
    req_id: int
    has_more: bool


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)
_ARTICLE = (Field("provider_code", TEXT), Field("article_id", TEXT))

REQUESTS = (
    Message(12, RequestNewsBulletins, _V1, Field("all_messages", BOOL)),
    Message(13, CancelNewsBulletins, _V1),
    Message(84, RequestNewsArticle, _REQ_ID, *_ARTICLE, Field("options", TAGS)),
    Message(85, RequestNewsProviders),
    Message(
        86,
        RequestHistoricalNews,
        _REQ_ID,
        Field("con_id", INT),
        Field("provider_codes", TEXT),
        Field("start_date_time", TEXT),
        Field("end_date_time", TEXT),
        Field("total_results", INT),
        Field("options", TAGS),
    ),
)

REPLIES = (
    Message(
        14,
        NewsBulletin,
        _V1,
        Field("id", INT),
        Field("kind", INT),
        Field("text", TEXT),
        Field("exchange", TEXT),
    ),
    Message(83, NewsArticle, _REQ_ID, Field("kind", INT), Field("text", TEXT)),
    Message(
        84,
        TickNews,
        _REQ_ID,
        Field("time_ms", LONG),
        *_ARTICLE,
        Field("headline", TEXT),
        Field("extra_data", TEXT),
    ),
    Message(
        85,
        NewsProviders,
        Many("providers", Layout(NewsProvider, Field("code", TEXT), Field("name", TEXT))),
    ),
    Message(86, HistoricalNews, _REQ_ID, Field("time", TEXT), *_ARTICLE, Field("headline", TEXT)),
    Message(87, HistoricalNewsEnd, _REQ_ID, Field("has_more", BOOL)),
)
