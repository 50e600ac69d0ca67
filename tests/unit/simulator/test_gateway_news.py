"""News. Which bug turns these red: history, headlines and articles that disagree, a story twice."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from simulator.gateway.news import PROVIDERS, SLOT_MS
from simulator.messages.connection import ErrorMessage
from simulator.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    RequestMarketData,
    TickPrice,
    TickRequestParameters,
)
from simulator.messages.news import (
    CancelNewsBulletins,
    HistoricalNews,
    HistoricalNewsEnd,
    NewsArticle,
    NewsBulletin,
    RequestHistoricalNews,
    RequestNewsArticle,
    RequestNewsBulletins,
    RequestNewsProviders,
    TickNews,
)
from simulator.records import Contract
from simulator.world import WorldError

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
CON_ID = 265598


def history(client, *, providers="BRFG", start="", end="", total=10, con_id=CON_ID):
    return client.send(RequestHistoricalNews(3, con_id, providers, start, end, total))


def pin(world) -> None:
    """Have prices stand still: days of headlines are to be sent, not days of ticks."""
    world.set_quote("AAPL", bid=D(100), ask=D(100))


def headlines(replies) -> list[TickNews]:
    return [reply for reply in replies if isinstance(reply, TickNews)]


def test_providers_are_those_of_a_paper_account(client) -> None:
    (reply,) = client.send(RequestNewsProviders())
    assert [(p.code, p.name) for p in reply.providers] == list(PROVIDERS.items())


def test_history_is_latest_first_and_says_whether_there_is_more(client) -> None:
    *rows, end = history(client, total=5)
    assert len(rows) == 5
    assert all(isinstance(row, HistoricalNews) for row in rows)
    times = [row.time for row in rows]
    assert times == sorted(times, reverse=True)
    assert end == HistoricalNewsEnd(3, has_more=True)


def test_history_keeps_to_its_range(client) -> None:
    *rows, _ = history(client, total=5)
    *inside, end = history(client, start=rows[4].time, end=rows[1].time)
    assert inside == rows[1:4]  # the start itself is not in it
    assert end == HistoricalNewsEnd(3, has_more=False)
    spelled = rows[1].time.replace("-", "").removesuffix(".0") + " UTC"
    assert history(client, start=rows[4].time, end=spelled)[:-1] == rows[1:4]


def test_the_future_has_no_news(client) -> None:
    assert history(client, end="2099-01-01 00:00:00", total=3) == history(client, total=3)


@pytest.mark.parametrize(
    ("wrong", "code", "named"),
    [
        ({"providers": "BRFG+XYZ"}, 10094, "XYZ"),
        ({"con_id": 1}, 200, "security definition"),
        ({"start": "yesterday"}, 321, "yesterday"),
    ],
)
def test_history_that_cannot_be_is_refused_by_name(client, wrong, code, named) -> None:
    (error,) = history(client, **wrong)
    assert (error.id, error.code) == (3, code)
    assert named in error.text


def test_every_headline_has_its_article(client) -> None:
    for row in history(client, providers="BRFG+DJNL", total=4)[:-1]:
        (article,) = client.send(RequestNewsArticle(4, row.provider_code, row.article_id))
        assert isinstance(article, NewsArticle)
        assert row.headline in article.text


@pytest.mark.parametrize(
    ("provider", "article"),
    [
        ("BRFG", "nonsense"),
        ("BRFG", "BRFG$1.0"),
        ("DJNL", "BRFG${}"),
        ("XYZ", "XYZ${}"),
        ("BRFG", f"BRFG${CON_ID:x}.0"),
        ("BRFG", f"BRFG${CON_ID:x}.fffff"),
    ],
)
def test_an_article_that_does_not_exist_is_10172(client, provider, article) -> None:
    known = history(client, total=1)[0].article_id.partition("$")[2]
    (error,) = client.send(RequestNewsArticle(4, provider, article.format(known)))
    assert (error.id, error.code) == (4, 10172)


def test_an_article_can_be_read_once_it_is_out(client, world) -> None:
    """The next story is in this slot or the one after; ask for it by its id all the time."""
    latest = history(client, total=1)[0].article_id
    stem, _, slot = latest.rpartition(".")
    coming = RequestNewsArticle(4, "BRFG", f"{stem}.{int(slot, 16) + 1:x}")
    for _ in range(2 * SLOT_MS // 1_800_000):
        (reply,) = client.send(coming)
        is_out = history(client, total=1)[0].article_id == coming.article_id
        assert isinstance(reply, NewsArticle) is is_out
        if is_out:
            return
        world.advance(1800)
    pytest.fail("the story never came")


def test_a_line_for_headlines_only_begins_with_the_latest_of_every_provider(client) -> None:
    replies = client.send(RequestMarketData(5, AAPL, "mdoff,292"))
    assert [type(reply) for reply in replies[:2]] == [TickRequestParameters, MarketDataType]
    assert len(replies[2:]) == 3 * len(PROVIDERS) == len(headlines(replies))
    latest = history(client, total=1)[0]
    assert latest.article_id in {tick.article_id for tick in headlines(replies)}


def test_new_headlines_come_when_they_break_and_once(client, world) -> None:
    pin(world)
    client.send(RequestMarketData(5, AAPL, "mdoff,292:BRFG"))
    world.advance(4 * SLOT_MS / 1000)
    ticks = headlines(client.read())
    assert len({tick.article_id for tick in ticks}) == len(ticks) in {3, 4, 5}
    known = [row.article_id for row in history(client, total=len(ticks))[:-1]]
    assert [tick.article_id for tick in reversed(ticks)] == known
    first = datetime.fromtimestamp(ticks[-1].time_ms / 1000, UTC)
    assert f"{first:%Y-%m-%d %H:%M:%S}.0" == history(client, total=1)[0].time


def test_a_line_with_prices_has_both(client) -> None:
    replies = client.send(RequestMarketData(5, AAPL, "292:BRFG"))
    assert headlines(replies)
    assert any(isinstance(reply, TickPrice) for reply in replies)


def test_a_cancelled_line_has_no_headlines_and_one_opened_again_has_each_once(
    client, world
) -> None:
    pin(world)
    client.send(RequestMarketData(5, AAPL, "mdoff,292:BRFG"), CancelMarketData(5))
    world.advance(2 * SLOT_MS / 1000)
    assert client.read() == []
    client.send(RequestMarketData(5, AAPL, "mdoff,292:BRFG"), CancelMarketData(5))
    client.send(RequestMarketData(5, AAPL, "mdoff,292:BRFG"))
    world.advance(2 * SLOT_MS / 1000)
    ids = [tick.article_id for tick in headlines(client.read())]
    assert len(ids) == len(set(ids)) > 0


def test_an_unknown_provider_is_10094_and_no_line(client, world) -> None:
    (error,) = client.send(RequestMarketData(5, AAPL, "mdoff,292:XYZ"))
    assert isinstance(error, ErrorMessage)
    assert error.text == "API News error:Source code unchecked in API news Settings: XYZ"
    world.advance(SLOT_MS / 1000)
    assert client.read() == []


def test_bulletins_reach_those_that_asked(join, world) -> None:
    one, other = join(1), join(2)
    world.bulletin("Good morning.")
    assert one.send(RequestNewsBulletins(all_messages=True)) == [
        NewsBulletin(1, 1, "Good morning.", "")
    ]
    assert other.send(RequestNewsBulletins(all_messages=False)) == []
    world.bulletin("NYSE is down.", kind=2, exchange="NYSE")
    down = NewsBulletin(2, 2, "NYSE is down.", "NYSE")
    assert one.read() == other.read() == [down]
    one.send(CancelNewsBulletins())
    world.bulletin("NYSE is up.", kind=3, exchange="NYSE")
    assert one.read() == []
    with pytest.raises(WorldError, match="kind"):
        world.bulletin("?", kind=4)
