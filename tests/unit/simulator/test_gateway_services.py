"""All services together. Which bug turns these red: chance or time that was not passed in."""

from simulator.messages.account import RequestPnL
from simulator.messages.depth import RequestMarketDepth
from simulator.messages.market_data import RequestMarketData
from simulator.messages.news import RequestHistoricalNews
from simulator.messages.research import (
    RequestFundamentalData,
    RequestScannerSubscription,
    RequestWshEventData,
    RequestWshMetaData,
)
from simulator.records import Contract
from simulator.world import World, WorldSettings

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
SCAN = RequestScannerSubscription(
    req_id=3, instrument="STK", location_code="STK.US", scan_code="TOP_PERC_GAIN"
)
REQUESTS = (
    RequestMarketDepth(1, AAPL, 10, is_smart_depth=True),
    RequestMarketData(2, AAPL, "mdoff,292"),
    SCAN,
    RequestHistoricalNews(4, 265598, "BRFG", "", "", 20),
    RequestFundamentalData(5, AAPL, "ReportSnapshot"),
    RequestWshMetaData(6),
    RequestWshEventData(7, 265598),
    RequestPnL(8, "DU9000001", ""),
)


def session(join, seed: int) -> list:
    world = World(WorldSettings(seed=seed, clock="manual"))
    client = join(world=world)
    replies = client.send(*REQUESTS)
    world.advance(65)
    return replies + client.read()


def test_the_same_seed_gives_the_same_session_and_another_a_different_one(join) -> None:
    assert session(join, 7) == session(join, 7)
    assert session(join, 7) != session(join, 8)


def test_a_client_that_leaves_takes_all_its_streams_with_it(join, world) -> None:
    client = join()
    client.send(*REQUESTS)
    world.disconnect(client.connection)
    world.advance(86_400)
    assert world.gateway.due_ms is None


def test_an_id_is_free_again_for_a_client_that_comes_back(join, world) -> None:
    one = join()
    first = one.send(*REQUESTS)
    world.disconnect(one.connection)
    assert [type(reply) for reply in join().send(*REQUESTS)] == [type(reply) for reply in first]
