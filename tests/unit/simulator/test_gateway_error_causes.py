"""Every error a request can meet, by its real cause: as a table of scenes.

Red: an error that comes for another reason, under another id, along with something else,
or not at all. What the domains of market data and history send is tested with them.
"""

import gc
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal as D
from typing import Any

import pytest

from simulator import World, WorldSettings
from simulator.gateway import Connection
from simulator.instruments import INSTRUMENTS
from simulator.messages import (
    REQUESTS,
    account,
    connection,
    contracts,
    depth,
    login,
    orders,
    research,
)
from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import CancelOrder, PlaceOrder
from simulator.records import Contract, ExecutionFilter, Order, TagValue
from simulator.wire import frame, join_fields, split_fields

ACCOUNT, OTHER = "DU9000001", "DU9000002"
AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
IEX = replace(AAPL, exchange="IEX")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
CRYPTO = next(i.contract() for i in INSTRUMENTS if i.sec_type == "CRYPTO")
INDEX = next(i.contract() for i in INSTRUMENTS if i.sec_type == "IND")
FRONT = Contract(symbol="ES", sec_type="CONTFUT", exchange="CME", currency="USD")
LIMIT = Order(
    action="BUY", total_quantity=D(1), order_type="LMT", limit_price=D("90.00"), tif="DAY"
)
MARKET = replace(LIMIT, order_type="MKT", limit_price=None)
SCAN = research.RequestScannerSubscription(
    req_id=5, instrument="STK", location_code="STK.US", scan_code="TOP_PERC_GAIN"
)
CALENDAR = research.RequestWshMetaData(5)
EVENTS = research.RequestWshEventData(5, con_id=265598)

Replies = list[Any]


@dataclass
class Stage:
    """A world of its own for each scene, with its clients."""

    join: Callable[..., Any]
    world: World | None = None

    def client(self, client_id: int = 1, version: int = 178, **settings: Any) -> Any:
        if self.world is None:
            self.world = World(WorldSettings(clock="manual", seed=7, **settings))
            self.world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
        return self.join(client_id, version, self.world)

    def send(self, *requests: Any, **settings: Any) -> Replies:
        """What the last of the requests of one client is answered."""
        client = self.client(**settings)
        client.send(*requests[:-1])
        return client.send(requests[-1])

    def place(self, contract: Contract = AAPL, order: Order = LIMIT, **changes: Any) -> Replies:
        return self.send(PlaceOrder(5, contract, replace(order, **changes)))

    def modify(self, **changes: Any) -> Replies:
        settings = {"accounts": (ACCOUNT, OTHER)} if "account" in changes else {}
        first = replace(LIMIT, account=ACCOUNT)
        change = PlaceOrder(5, AAPL, replace(first, **changes))
        return self.send(PlaceOrder(5, AAPL, first), change, **settings)


@pytest.fixture
def stage(join) -> Stage:
    return Stage(join)


def expired(stage: Stage) -> Replies:
    client = stage.client()
    (found, _end) = client.send(contracts.RequestContractData(1, FRONT))
    front = replace(found.details.contract, sec_type="FUT")
    stage.world.advance(31 * 86_400)
    stage.world.advance(31 * 86_400)
    stage.world.advance(31 * 86_400)
    return client.send(PlaceOrder(5, front, LIMIT))


def ended(stage: Stage) -> Replies:
    """One order filled and one live, then a global cancel."""
    return stage.send(PlaceOrder(5, AAPL, MARKET), orders.RequestGlobalCancel())


def own_and_old(stage: Stage) -> Replies:
    """Orders of an earlier session, and those of others, are nobody's business."""
    client = stage.client()
    client.send(PlaceOrder(5, AAPL, MARKET))
    stage.world.disconnect(client.connection)
    stage.client(2).send(PlaceOrder(1, AAPL, MARKET))
    return stage.client().send(orders.RequestGlobalCancel())


def fourth_book(stage: Stage) -> Replies:
    others = [replace(IEX, symbol=symbol) for symbol in ("MSFT", "SPY")]
    books = [depth.RequestMarketDepth(n, c, 5) for n, c in enumerate((IEX, *others), 1)]
    return stage.send(*books, depth.RequestMarketDepth(5, EURUSD, 5))


def second_client(stage: Stage) -> Replies:
    stage.client(3)
    return stage.client(3).started


def updates(account_: str, *, subscribe: bool = True) -> account.RequestAccountUpdates:
    return account.RequestAccountUpdates(subscribe, account_)


def summary(req_id: int) -> account.RequestAccountSummary:
    return account.RequestAccountSummary(req_id, "All", "NetLiquidation")


def multi(req_id: int) -> account.RequestAccountUpdatesMulti:
    return account.RequestAccountUpdatesMulti(req_id, ACCOUNT, "", ledger_and_nlv=False)


def held(stage: Stage, account_: str) -> Replies:
    moved = stage.send(updates(ACCOUNT), updates(account_), accounts=(ACCOUNT, OTHER))
    return [reply for reply in moved if isinstance(reply, ErrorMessage)]


def of(version: int, *requests: Any) -> Callable[[Stage], Replies]:
    return lambda stage: stage.send(*requests, version=version)


def gateway_of(version: int, *requests: Any) -> Callable[[Stage], Replies]:
    return lambda stage: stage.send(*requests, version=version, server_version=version)


def sent(*requests: Any, **settings: Any) -> Callable[[Stage], Replies]:
    return lambda stage: stage.send(*requests, **settings)


def placed(
    contract: Contract = AAPL, order: Order = LIMIT, **changes: Any
) -> Callable[[Stage], Replies]:
    return lambda stage: stage.place(contract, order, **changes)


def modified(**changes: Any) -> Callable[[Stage], Replies]:
    return lambda stage: stage.modify(**changes)


def rate(stage: Stage) -> Replies:
    client = stage.client(max_requests_per_s=3)
    return client.send(*[connection.RequestCurrentTime()] * 4)[-1:]


def half(order: Order = LIMIT) -> Order:
    return replace(order, total_quantity=D("0.5"))


def child(**changes: Any) -> Callable[[Stage], Replies]:
    """A hedge of a live order."""
    hedge = replace(MARKET, parent_id=3, total_quantity=D(0), **changes)
    return sent(PlaceOrder(3, AAPL, LIMIT), PlaceOrder(5, AAPL, hedge))


def algo(strategy: str, *tags: str) -> dict[str, Any]:
    params = tuple(TagValue(tag=tag, value="1") for tag in tags)
    return {"algo_strategy": strategy, "algo_params": params}


STRANGER = "<ListOfGroups><String>DU404</String></ListOfGroups>"
THROTTLED = "Max rate of messages per second has been exceeded:max=3 rec=4 (1)"
READ_ONLY = "The API interface is currently in Read-Only mode."
NO_ADVISOR = "FA data operations ignored for non FA customers."

ENDS = [
    (-1, 100, THROTTLED, rate),
    (5, 103, "Duplicate order id", sent(PlaceOrder(7, AAPL, LIMIT), PlaceOrder(5, AAPL, LIMIT))),
    (5, 104, "filled order", sent(PlaceOrder(5, AAPL, MARKET), PlaceOrder(5, AAPL, MARKET))),
    (5, 105, "original order", modified(action="SELL")),
    (5, 107, "incomplete", placed(limit_price=None)),
    (5, 110, "minimum price variation", placed(limit_price=D("90.001"))),
    (5, 135, "id = 3", sent(PlaceOrder(3, AAPL, MARKET), PlaceOrder(5, AAPL, replace(LIMIT, parent_id=3)))),
    (5, 161, "not in a cancellable state.  Order permId =", ended),
    (5, 162, "API scanner subscription cancelled: 5", sent(SCAN, research.CancelScannerSubscription(5))),
    (5, 200, "No security definition", placed(replace(AAPL, symbol="NONE"))),
    (5, 200, "No security definition", sent(contracts.RequestContractData(5, replace(AAPL, symbol="NONE")))),
    (5, 201, "IBCustAcctNo", placed(account="DU404")),
    (5, 203, "not available or allowed", sent(PlaceOrder(5, AAPL, LIMIT), withheld=["AAPL"])),
    (5, 309, "Max number (3)", fourth_book),
    (5, 310, "tickerId:5", sent(depth.CancelMarketDepth(5))),
    (5, 320, "Error reading request. Invalid hedge ratio", child(hedge_type="P", hedge_param="x")),
    (5, 320, "hedge:[D]", child(hedge_type="D")),
    (5, 321, "Please enter exchange", sent(depth.RequestMarketDepth(5, replace(AAPL, exchange=""), 5))),
    (5, 321, "Missing order exchange", placed(replace(AAPL, exchange=""))),
    (5, 321, "valid security type", sent(contracts.RequestContractData(5, replace(AAPL, sec_type="?")))),
    (5, 321, "Invalid order type was entered", placed(order_type="?")),
    (5, 321, "Invalid action", placed(action="?")),
    (5, 321, "size does not conform", placed(total_quantity=D(-1))),
    (5, 321, READ_ONLY, sent(PlaceOrder(5, AAPL, LIMIT), read_only=True)),
    (5, 321, READ_ONLY, sent(CancelOrder(5), read_only=True)),
    (2**31 - 1, 321, NO_ADVISOR, sent(login.RequestAdvisorData(1))),
    (5, 322, "Duplicate ticker id", sent(depth.RequestMarketDepth(5, IEX, 5), depth.RequestMarketDepth(5, IEX, 5))),
    (5, 322, "Duplicate ticker id", sent(summary(5), summary(5))),
    (5, 322, "Duplicate ticker id", sent(multi(5), multi(5))),
    (5, 322, "account summary requests exceeded", sent(summary(3), summary(4), summary(5))),
    (-1, 326, "client id is already in use", second_client),
    (-1, 327, "clientId set to 0", sent(orders.RequestAutoOpenOrders(True))),
    (5, 344, "financial advisor", placed(fa_group="All")),
    (5, 347, "must be 1", placed(short_sale_slot=3)),
    (5, 348, "not a short sale", placed(short_sale_slot=1)),
    (5, 365, "ticker id:5", sent(research.CancelScannerSubscription(5))),
    (5, 385, "Duplicate ticker ID", sent(SCAN, SCAN)),
    (5, 387, "Unsupported order type", placed(order_type="PEG MKT")),
    (5, 388, "minimum requirement", placed(CRYPTO, total_quantity=D("0.00001"))),
    (5, 392, "contract expired", expired),
    (5, 412, "not available for trading", placed(INDEX)),
    (5, 412, "not available for trading", placed(FRONT)),
    (5, 413, "transmit flag", placed(what_if=True, transmit=False)),
    (5, 422, "may not be changed", modified(account=OTHER)),
    (5, 430, "Missing reportType", sent(research.RequestFundamentalData(5, AAPL, ""))),
    (5, 434, "cannot be zero", placed(total_quantity=D(0))),
    (5, 435, "specify an account", sent(PlaceOrder(5, AAPL, LIMIT), accounts=(ACCOUNT, OTHER))),
    (5, 439, "Algorithm definition not found", placed(**algo("Nothing"))),
    (5, 443, "attribute:strategyType", placed(**algo("Twap", "strategyType"))),
    (5, 460, "No trading permissions.", sent(PlaceOrder(5, AAPL, LIMIT), withheld=["STK"])),
    (-1, 2100, "API client has been unsubscribed", sent(updates(ACCOUNT), updates("", subscribe=False))),
    (-1, 2100, "New account data requested from TWS. API client", lambda s: held(s, OTHER)),
    (5, 10006, "Missing parent", placed(parent_id=3)),
    (5, 10032, "send zero", sent(PlaceOrder(3, AAPL, LIMIT), PlaceOrder(5, AAPL, replace(MARKET, hedge_type="P", hedge_param="1", parent_id=3)))),
    (5, 10052, "Invalid time in force:XYZ", placed(tif="XYZ")),
    (5, 10063, "currency pair", child(hedge_type="F")),
    (5, 10092, "Deep market data", sent(depth.RequestMarketDepth(5, AAPL, 5))),
    (5, 10147, "OrderId 5 ", sent(CancelOrder(5))),
    (5, 10148, "state: Filled.", sent(PlaceOrder(5, AAPL, MARKET), CancelOrder(5))),
    (5, 10148, "state: Cancelled.", sent(PlaceOrder(5, AAPL, LIMIT), CancelOrder(5), CancelOrder(5))),
    (5, 10231, "DU404", sent(
        login.ReplaceAdvisorData(1, STRANGER, 5),
        accounts=(ACCOUNT, OTHER),
    )),
    (5, 10243, "Fractional", placed(total_quantity=D("0.5"))),
    (5, 10250, "minimum variation of 0.00000001", placed(CRYPTO, total_quantity=D("1.000000001"))),
    (5, 10255, "Display Size", placed(order_type="MKT", display_size=1)),
    (5, 10268, "EtradeOnly", placed(e_trade_only=True)),
    (5, 10269, "FirmQuoteOnly", placed(firm_quote_only=True)),
    (5, 10270, "nbboPriceCap", placed(nbbo_price_cap=D(1))),
    (5, 10274, "PostToATS", placed(post_to_ats=1)),
    (5, 10276, "News feed is not allowed.", sent(CALENDAR, withheld=["calendar"])),
    (5, 10276, "News feed is not allowed.", sent(EVENTS, withheld=["calendar"])),
    (5, 10278, "Duplicate WSH", sent(CALENDAR, CALENDAR)),
    (5, 10280, "Failed cancel", sent(research.CancelWshMetaData(5))),
    (5, 10281, "Duplicate WSH", sent(CALENDAR, EVENTS, EVENTS)),
    (5, 10282, "not requested", sent(EVENTS)),
    (5, 10283, "Fail request", sent(CALENDAR, replace(EVENTS, filter="["))),
    (5, 10284, "Fail cancel", sent(research.CancelWshEventData(5))),
    (5, 10285, "minimum version 163", of(162, PlaceOrder(5, CRYPTO, half()))),
    (5, 10289, "Cash Quantity", placed(CRYPTO, MARKET)),
    (5, 10293, "cannot specify size", placed(CRYPTO, MARKET, cash_quantity=D(9))),
    (5, 10314, "Good After Time: ", placed(good_after_time="noon")),
    (5, 10314, "Manual Order Cancel Time: ", sent(PlaceOrder(5, AAPL, LIMIT), CancelOrder(5, "noon"))),
]  # fmt: skip
"""Message id, code, some of the text, and what leads to just that and to nothing else."""

NOTICES = [
    (-1, 0, "max rate of 3 ", lambda s: s.client(max_requests_per_s=3).send(*[connection.RequestCurrentTime()] * 3)),
    (5, 131, "will be ignored", placed(IEX, display_size=1)),
    (5, 131, "will be ignored", placed(EURUSD, sweep_to_fill=True, total_quantity=D(20_000), limit_price=D("0.5"))),
    (5, 165, "message:1 out of ", sent(replace(SCAN, rows=1))),
    (5, 165, "message:no items retrieved", sent(replace(SCAN, above_price=D(10**7)))),
    (5, 202, "reason:", sent(PlaceOrder(5, AAPL, LIMIT), CancelOrder(5))),
    (-1, 2104, "usfarm", lambda s: s.client().started),
    (-1, 2106, "ushmds", lambda s: s.client().started),
    (5, 2109, "ignored", placed(order_type="MKT", outside_rth=True)),
    (5, 2150, "derived value", sent(account.RequestPnLSingle(5, ACCOUNT, "", 265598))),
    (5, 2152, "Exchanges - ", sent(depth.RequestMarketDepth(5, AAPL, 5, is_smart_depth=True))),
    (-1, 2158, "secdefnj", lambda s: s.client().started),
    (5, 2168, "EtradeOnly", gateway_of(162, PlaceOrder(5, AAPL, replace(LIMIT, e_trade_only=True)))),
    (5, 2169, "FirmQuoteOnly", gateway_of(162, PlaceOrder(5, AAPL, replace(LIMIT, firm_quote_only=True)))),
    (5, 2174, "time zone", sent(orders.RequestExecutions(5, ExecutionFilter(time="20250616 10:00:00")))),
]  # fmt: skip
"""Likewise what comes besides an answer, which goes on."""


def name(scene: object) -> str:
    return re.sub(r"\W+", "-", str(scene)) if isinstance(scene, int | str) else ""


@pytest.mark.parametrize(("id_", "code", "words", "scene"), ENDS, ids=name)
def test_an_error_has_its_cause_its_id_and_no_company(stage, id_, code, words, scene) -> None:
    (reply,) = scene(stage)
    assert (reply.id, reply.code) == (id_, code)
    assert words in reply.text


@pytest.mark.parametrize(("id_", "code", "words", "scene"), NOTICES, ids=name)
def test_a_notice_has_its_cause_and_its_id_and_an_answer_beside_it(
    stage, id_, code, words, scene
) -> None:
    replies = scene(stage)
    notices = [r for r in replies if isinstance(r, ErrorMessage) and r.code == code]
    assert {notice.id for notice in notices} == {id_}
    assert any(words in notice.text for notice in notices)
    assert len(replies) > len(notices)
    assert not any(isinstance(r, ErrorMessage) and r.code not in CODES for r in replies)


CODES = {0, 131, 165, 202, *range(2100, 2200)}


@pytest.mark.parametrize(
    "requests",
    [
        [PlaceOrder(5, AAPL, LIMIT)],
        [
            PlaceOrder(
                5, AAPL, replace(LIMIT, total_quantity=D(2), display_size=1, sweep_to_fill=True)
            )
        ],
        [PlaceOrder(5, AAPL, replace(LIMIT, outside_rth=True))],
        [PlaceOrder(5, CRYPTO, half())],
        [PlaceOrder(5, AAPL, LIMIT), PlaceOrder(5, AAPL, replace(LIMIT, account=ACCOUNT))],
        [updates(ACCOUNT), updates(ACCOUNT)],
        [summary(3), summary(4), account.CancelAccountSummary(3), summary(5)],
        [multi(5), account.CancelAccountUpdatesMulti(5), multi(5)],
        [orders.RequestExecutions(5, ExecutionFilter(time="20250616-10:00:00"))],
        [orders.RequestExecutions(5, ExecutionFilter(time="20250616 10:00:00 UTC"))],
        [login.RequestFamilyCodes()],
        [research.RequestScannerParameters()],
    ],
    ids=lambda requests: type(requests[-1]).__name__,
)
def test_what_is_all_right_meets_no_error(stage, requests) -> None:
    """Red for a check that looks at too much."""
    replies = stage.client().send(*requests)
    assert replies
    assert not [reply for reply in replies if isinstance(reply, ErrorMessage)]


def test_only_what_ended_in_this_session_of_the_client_is_told_by_a_global_cancel(stage) -> None:
    assert own_and_old(stage) == []


def test_the_master_client_is_not_told_what_ended_of_others(stage) -> None:
    master = stage.client(2, master_client_id=2)
    stage.send(PlaceOrder(5, AAPL, MARKET))
    master.read()
    assert master.send(orders.RequestGlobalCancel()) == []


def connections() -> int:
    gc.collect()
    return sum(type(thing) is Connection for thing in gc.get_objects())


def test_nothing_is_kept_of_a_client_that_left(stage) -> None:
    """Red for a domain that does not forget: a gateway that runs for weeks would grow."""
    stage.client(9)
    before = connections()
    client = stage.client()
    client.send(PlaceOrder(5, AAPL, MARKET), updates(ACCOUNT), summary(6), multi(7), SCAN)
    stage.world.disconnect(client.connection)
    del client
    stage.world.advance(61)
    assert connections() == before


def test_a_cancel_without_a_proper_time_cancels_nothing(stage) -> None:
    stage.send(PlaceOrder(5, AAPL, LIMIT), CancelOrder(5, "noon"))
    assert len(stage.world.broker.live_orders()) == 1


def test_an_old_gateway_warns_of_what_a_newer_one_refuses(stage) -> None:
    order = replace(LIMIT, e_trade_only=True, firm_quote_only=True)
    replies = stage.client(version=157, server_version=162).send(PlaceOrder(5, AAPL, order))
    assert [getattr(r, "code", None) for r in replies[:2]] == [2168, 2169]
    assert len(stage.world.broker.live_orders()) == 1


@pytest.mark.parametrize("version", [157, 165, 166, 178])
def test_an_error_has_the_fields_of_the_negotiated_version(stage, version) -> None:
    """Red if a client of an old version is sent the field for rejects, or one of a new is not."""
    client = stage.client(version=version)
    client.send_bytes(frame(join_fields(REQUESTS.encode(CancelOrder(5), version))))
    payload = client.connection.session.data_to_send()[4:]
    text = "OrderId 5 that needs to be cancelled is not found."
    assert split_fields(payload) == ["4", "2", "5", "10147", text] + [""] * (version >= 166)
