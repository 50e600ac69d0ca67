"""Requests that no honest client sends: cut short, with nonsense in a field, too large.

Red: an exception on the way, more than one answer to what cannot be read, or a session that
does not live on. Every request of the table is sent, so that a new one is tested, too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal as D
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from structlog.testing import capture_logs

from simulator.messages import (
    REQUESTS,
    account,
    contracts,
    depth,
    market_data,
    news,
    options,
    orders,
    research,
)
from simulator.messages.connection import CurrentTime, ErrorMessage, RequestCurrentTime, StartApi
from simulator.records import (
    ComboLeg,
    Contract,
    ExecutionFilter,
    Order,
    PriceCondition,
    TagValue,
    TimeCondition,
)
from simulator.wire import DecodeError, frame

VERSION = 178
REQUESTED = sorted(REQUESTS.by_record.keys() - {StartApi}, key=lambda record: record.__name__)
GIVEN = {
    Contract: Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"),
    Order: Order(action="BUY", total_quantity=D(1), order_type="LMT", limit_price=D(90)),
    str: "",
    int: 7,
    bool: False,
    D: D(1),
}
NONSENSE = ("x", "-1", "0", "", "2147483648", "9" * 40, "1E400", "-1E-400", "NaN", "Infinity")
NONSENSE += ("1.5", "ü\\u0000", "%s{}", "20250616", "=;", "1" * 4_000)
EXTREMES = ("-1", "9" * 40, "1E12", "1E400", "1E-400", "1" * 4_000)
MAX_ERRORS = 3
NOTICES = {165, 202, *range(2100, 2200)}
AAPL = GIVEN[Contract]
OPTION = Contract(
    symbol="AAPL", sec_type="OPT", last_trade_date="20251219", strike=D(200), right="C"
)
ACCOUNT = "DU9000001"
STREAMS = (
    account.RequestAccountUpdates(True, ""),
    account.RequestPositions(),
    account.RequestAccountSummary(101, "All", "NetLiquidation,Leverage,$LEDGER:ALL"),
    account.RequestPnL(102, ACCOUNT),
    account.RequestPnLSingle(103, ACCOUNT, con_id=265598),
)
"""What looks at whatever an order does, time and again."""

META = research.RequestWshMetaData(104)

MARKET = Order(action="BUY", total_quantity=D(2), order_type="MKT", tif="DAY")
LIMIT = replace(MARKET, order_type="LMT", limit_price=D(1_000))
GOOD = (
    orders.PlaceOrder(7, AAPL, MARKET),
    orders.PlaceOrder(7, AAPL, LIMIT),
    orders.PlaceOrder(7, AAPL, replace(LIMIT, what_if=True)),
    orders.RequestExecutions(7, ExecutionFilter()),
    account.RequestPnLSingle(7, ACCOUNT, con_id=265598),
    account.RequestAccountUpdatesMulti(7, ACCOUNT),
    account.RequestPositionsMulti(7, ACCOUNT),
    contracts.RequestContractData(7, OPTION),
    contracts.RequestMatchingSymbols(7, "AAP"),
    depth.RequestMarketDepth(7, AAPL, 5, is_smart_depth=True),
    market_data.RequestMarketData(7, AAPL, "233"),
    news.RequestHistoricalNews(7, 265598, "BRFG", "", "", 5),
    options.CalculateImpliedVolatility(7, OPTION, D(10), D(200)),
    options.CalculateOptionPrice(7, OPTION, D("0.3"), D(200)),
    options.RequestOptionParameters(7, "AAPL", "", "STK", 265598),
    research.RequestFundamentalData(7, AAPL, "ReportSnapshot"),
    research.RequestWshEventData(7, 265598),
    research.RequestScannerSubscription(
        req_id=7, instrument="STK", location_code="STK.US", scan_code="TOP_PERC_GAIN"
    ),
)
"""Requests that are carried out as they are."""


RESTING = replace(LIMIT, limit_price=D(9), tif="GTC")
STOP = replace(MARKET, order_type="STP", aux_price=D(10**6))
WATCHED = PriceCondition(is_more=True, price=D(10**6), con_id=265598, exchange="SMART")
LATER = TimeCondition(is_more=True, time="20991231-10:00:00")
LEGS = tuple(
    ComboLeg(con_id=con_id, ratio=1, action=action, exchange="SMART")
    for con_id, action in ((265598, "BUY"), (272093, "SELL"))
)
COMBO = Contract(symbol="AAPL", sec_type="BAG", exchange="SMART", currency="USD", combo_legs=LEGS)
ORDERS = {
    "resting": (AAPL, replace(RESTING, oca_group="one", oca_type=1, display_size=1)),
    "dated": (AAPL, replace(RESTING, tif="GTD", good_till_date="20991231-10:00:00")),
    "conditional": (AAPL, replace(RESTING, conditions=(WATCHED, LATER))),
    "stop": (AAPL, STOP),
    "trailing": (AAPL, replace(STOP, order_type="TRAIL", aux_price=None, trailing_percent=D(9))),
    "adjustable": (
        AAPL,
        replace(
            STOP,
            adjusted_order_type="TRAIL",
            trigger_price=D(1),
            adjusted_stop_price=D(10**6),
            adjusted_trailing_amount=D(1),
        ),
    ),
    "scale": (AAPL, replace(RESTING, scale_init_level_size=1, scale_price_increment=D(1))),
    "algo": (
        AAPL,
        replace(
            RESTING,
            tif="DAY",
            algo_strategy="Vwap",
            algo_params=(TagValue(tag="maxPctVol", value="0.1"),),
        ),
    ),
    "combination": (COMBO, replace(RESTING, limit_price=D(-(10**6)))),
}
"""Orders of many fields, none of which is filled."""


def sample(record: type) -> Any:
    """A request as a plain client would send it."""
    hints = get_type_hints(record)
    return record(**{field.name: _value(hints[field.name]) for field in fields(record)})


def _value(hint: Any) -> Any:
    options = [option for option in get_args(hint) if option is not NoneType]
    if str(hint).startswith("tuple"):
        return ()
    if options:
        return None
    if hint in GIVEN:
        return GIVEN[hint]
    assert is_dataclass(hint), hint
    return sample(hint)


def is_readable(texts: list[str]) -> bool:
    try:
        REQUESTS.decode(texts, VERSION)
    except DecodeError:
        return False
    return True


def sent(client, *texts: str) -> list[Any]:
    """Send texts as one message; check how it was answered, and that the session lives on.

    The answers are returned.
    """
    client.connection.unreadable = 0  # the limit on nonsense is tested elsewhere
    replies = client.send_fields(*texts)
    errors = [reply for reply in replies if isinstance(reply, ErrorMessage)]
    if not is_readable(list(texts)):
        assert [getattr(reply, "code", None) for reply in replies] == [320], texts
        assert errors[0].text.startswith("Error reading request. Unable to parse data. ")
        assert len(errors[0].text) < 300
    assert len(errors) <= MAX_ERRORS, texts
    assert any(isinstance(r, CurrentTime) for r in client.send(RequestCurrentTime())), texts
    return replies


def altered(request: Any, nonsenses: Iterable[str]) -> Iterator[list[str]]:
    """The request with nonsense in each of its fields in turn."""
    texts = REQUESTS.encode(request, VERSION)
    for place in range(1, len(texts)):
        for nonsense in nonsenses:
            yield [*texts[:place], nonsense, *texts[place + 1 :]]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.mark.parametrize("record", REQUESTED, ids=lambda record: record.__name__)
def test_a_request_cut_short_is_answered_once_and_the_session_lives(client, record) -> None:
    texts = REQUESTS.encode(sample(record), VERSION)
    for length in range(len(texts) + 1):
        sent(client, *texts[:length])
    sent(client, *texts, "")
    sent(client, *texts, "1")


@pytest.mark.parametrize("record", REQUESTED, ids=lambda record: record.__name__)
def test_nonsense_in_any_field_harms_nobody(client, world, record) -> None:
    for texts in altered(sample(record), NONSENSE):
        sent(client, *texts)
    world.advance(61)


@pytest.mark.parametrize("request_", GOOD, ids=lambda request: type(request).__name__)
def test_nonsense_in_a_request_that_would_be_carried_out(join, world, request_) -> None:
    """Each to a new client, so that no refusal hides the next fault, while somebody looks on."""
    watcher = join(0)
    watcher.send(*STREAMS)
    first = join(1).send(META, request_)
    assert not [reply for reply in first if getattr(reply, "code", 2100) not in NOTICES]
    for number, texts in enumerate(altered(request_, EXTREMES), 2):
        client = join(number)
        client.send(META)
        sent(client, *texts)
        world.disconnect(client.connection)
    world.advance(181)
    assert any(isinstance(r, CurrentTime) for r in watcher.send(RequestCurrentTime()))


def check_orders(client, world, requests: Iterable[list[str]]) -> None:
    """Send orders with nonsense in them; what was refused has left no trace."""
    for texts in requests:
        before = len(world.broker.journal)
        replies = sent(client, *texts)
        if replies and all(getattr(reply, "code", 201) != 201 for reply in replies):
            assert len(world.broker.journal) == before, texts
    world.advance(61)


@pytest.mark.parametrize("name", ORDERS)
def test_nonsense_in_a_new_order_of_many_fields(client, world, name) -> None:
    """Each under its own id, so that all that can be taken is taken."""
    wrong = altered(orders.PlaceOrder(7, *ORDERS[name]), EXTREMES)
    check_orders(
        client, world, ([texts[0], str(id_), *texts[2:]] for id_, texts in enumerate(wrong, 8))
    )


@pytest.mark.parametrize("name", ORDERS)
def test_nonsense_in_a_change_of_a_live_order(client, world, name) -> None:
    live = orders.PlaceOrder(7, *ORDERS[name])
    assert not [r for r in client.send(live) if getattr(r, "code", 2100) not in NOTICES]
    check_orders(client, world, altered(live, EXTREMES))


@pytest.mark.parametrize(
    "payload",
    [
        bytes(1 << 20),
        b"\xff" * 64 + b"\0",
        b"1\x0011\x007\x000\x00" + b"\xc3\x28\0" * 20,
        "1\x0011\x00\uff17\0".encode(),
        "\uff14\uff19\x001\0".encode(),
        b"-1\0",
        b"49",
        b"\0",
    ],
    ids=["zeros", "no UTF-8", "no UTF-8 later", "wide 7", "wide id", "negative", "no NUL", "empty"],
)
def test_bytes_that_are_no_request_are_answered_once(client, payload) -> None:
    client.send_bytes(frame(payload))
    (error,) = client.read()
    assert (error.code, len(error.text) < 300) == (320, True)
    assert any(isinstance(r, CurrentTime) for r in client.send(RequestCurrentTime()))


@pytest.mark.parametrize(
    "version",
    [
        *(b"v", b"v..", b"v157", b"157..178", b"v178..157", b"v100..150", b"v-1..178"),
        *(b"\xff" * 9, b"v157..99999999", "v\uff11\uff15\uff17..178".encode()),
        *(b"v157..178\0", b"V157..178", b" v157..178"),
    ],
)
def test_a_wrong_range_of_versions_ends_the_connection(world, version) -> None:
    peer = world.connect("test")
    world.receive(peer, b"API\0" + frame(version))
    assert peer.is_closing
    assert peer.session.data_to_send() == b""


def test_an_order_id_above_32_bits_is_told_as_captured(client) -> None:
    texts = REQUESTS.encode(orders.PlaceOrder(7, AAPL, MARKET), VERSION)
    (error,) = client.send_fields(texts[0], "2548181185", *texts[2:])
    assert (error.id, error.code) == (-1, 320)
    assert error.text == (
        "Error reading request. Unable to parse data. "
        'java.lang.NumberFormatException: For input string: "2548181185"'
    )
