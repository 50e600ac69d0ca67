"""Generic ticks, Greeks, data types and entitlements of market data lines.

Red: an id that is taken and never answered, a figure that the history does not have, a line
that is refused for the wrong reason.
"""

from decimal import Decimal as D

import pytest

from simulator import pricing
from simulator.gateway.entitlements import RULES, Entitlement
from simulator.gateway.ticks import GENERICS
from simulator.market import LOT, STEP_MS, STEPS_PER_DAY, TradingCalendar
from simulator.messages.connection import ErrorMessage
from simulator.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    RequestMarketData,
    RequestMarketDataType,
    TickGeneric,
    TickPrice,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from simulator.messages.options import CalculateOptionPrice, TickOptionComputation
from simulator.records import Contract

T = TickType
AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
SPX = Contract(symbol="SPX", sec_type="IND", exchange="CBOE", currency="USD")
SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
BOND = Contract(sec_type="BOND", symbol="US-T")
CONTFUT = Contract(symbol="ES", sec_type="CONTFUT", exchange="CME")
WEEK_TICKS = {T(n) for n in range(15, 21)}


def told(replies) -> dict[TickType, object]:
    """The latest value of each tick type."""
    values: dict[TickType, object] = {}
    for reply in replies:
        match reply:
            case TickPrice():
                values[T(reply.tick_type)] = reply.price
            case TickSize():
                values[T(reply.tick_type)] = reply.size
            case TickGeneric() | TickString():
                values[T(reply.tick_type)] = reply.value
            case TickOptionComputation():
                values[T(reply.tick_type)] = reply
    return values


def ask(client, contract, generic_ticks="", req_id=5) -> dict[TickType, object]:
    return told(client.send(RequestMarketData(req_id, contract, generic_ticks)))


def option(world, right="C"):
    """The AAPL option struck nearest the anchor that expires first after a month."""
    found = world.database.find(
        Contract(symbol="AAPL", sec_type="OPT", strike=D(230), right=right, exchange="SMART")
    )
    return next(i for i in found if i.expiry > "20250715")


def codes(replies) -> list[int]:
    return [reply.code for reply in replies if isinstance(reply, ErrorMessage)]


# --- generic ticks ---


@pytest.mark.parametrize(
    ("contract", "generic", "brought"),
    [
        (AAPL, "100", {T.OPTION_CALL_VOLUME, T.OPTION_PUT_VOLUME}),
        (AAPL, "101", {T.OPTION_CALL_OPEN_INTEREST, T.OPTION_PUT_OPEN_INTEREST}),
        (AAPL, "104", {T.OPTION_HISTORICAL_VOL}),
        (AAPL, "105", {T.AVG_OPT_VOLUME}),
        (AAPL, "106", {T.OPTION_IMPLIED_VOL}),
        (SPX, "162", {T.INDEX_FUTURE_PREMIUM}),
        (AAPL, "165", WEEK_TICKS | {T.AVG_VOLUME}),
        (SPX, "165", WEEK_TICKS),
        (AAPL, "220", {T.MARK_PRICE}),
        (AAPL, "221", {T.MARK_PRICE}),
        (AAPL, "232", {T.MARK_PRICE}),
        (
            AAPL,
            "225",
            {T.AUCTION_VOLUME, T.AUCTION_PRICE, T.AUCTION_IMBALANCE, T.REGULATORY_IMBALANCE},
        ),
        (AAPL, "233", {T.RT_VOLUME}),
        (AAPL, "236", {T.SHORTABLE, T.SHORTABLE_SHARES}),
        (AAPL, "258", {T.FUNDAMENTAL_RATIOS}),
        (AAPL, "293", {T.TRADE_COUNT}),
        (AAPL, "294", {T.TRADE_RATE}),
        (AAPL, "295", {T.VOLUME_RATE}),
        (AAPL, "318", {T.LAST_RTH_TRADE}),
        (AAPL, "375", {T.RT_TRADE_VOLUME}),
        (AAPL, "411", {T.RT_HISTORICAL_VOL}),
        (AAPL, "456", {T.IB_DIVIDENDS}),
        (BOND, "460", {T.BOND_FACTOR_MULTIPLIER}),
        (SPY, "577", {T.ETF_NAV_LAST}),
        (CONTFUT, "588", {T.FUTURES_OPEN_INTEREST}),
        (
            AAPL,
            "595",
            {T.SHORT_TERM_VOLUME_3_MIN, T.SHORT_TERM_VOLUME_5_MIN, T.SHORT_TERM_VOLUME_10_MIN},
        ),
        (SPY, "614", {T.ETF_NAV_HIGH, T.ETF_NAV_LOW}),
        (AAPL, "619", {T.CREDITMAN_SLOW_MARK_PRICE}),
        (SPY, "623", {T.ETF_FROZEN_NAV_LAST}),
    ],
)
def test_an_id_brings_its_ticks_and_no_other(client, contract, generic, brought) -> None:
    plain = ask(client, contract).keys()
    assert ask(client, contract, generic, req_id=6).keys() - plain == brought


@pytest.mark.parametrize(
    ("contract", "generic"),
    [
        (AAPL, "588,460,577"),
        (SPX, "233,236,456,293"),
        (BOND, "100,106,258"),
        (CONTFUT, "236,456,225"),
        (SPY, "258"),
    ],
)
def test_a_legal_id_that_says_nothing_of_a_security_is_silent(client, contract, generic) -> None:
    plain = ask(client, contract).keys()
    assert ask(client, contract, generic, req_id=6).keys() == plain


@pytest.mark.parametrize(
    ("contract", "generic"), [(AAPL, "162"), (BOND, "104"), (AAPL, "576"), (AAPL, "1 0")]
)
def test_other_ids_are_refused_with_the_legal_ones(client, contract, generic) -> None:
    (error,) = client.send(RequestMarketData(5, contract, f"233,{generic}"))
    assert (error.id, error.code) == (5, 321)
    assert (
        f"generic tick list of 233,{generic}.  Legal ones for ({contract.sec_type}) are: 100("
        in (error.text)
    )
    assert "258/47(Fundamentals),292(Wide_news)," in error.text


def test_one_wrong_request_gets_one_error(client) -> None:
    assert codes(client.send(RequestMarketData(5, Contract(symbol="NOPE"), "999"))) == [200]


def test_weeks_are_those_of_the_history_and_hold_today(client, world) -> None:
    values = ask(client, AAPL, "165")
    instrument = world.instrument("AAPL")
    tape = world.market.tape(instrument)
    today = world.clock.now_ms() // STEP_MS // STEPS_PER_DAY * STEPS_PER_DAY
    past = tape.stretch(today - 364 * STEPS_PER_DAY, today)
    quote = world.quote("AAPL")
    assert values[T.HIGH_52_WEEK] == max(quote.high, tape.price(past.trade.high))
    assert values[T.LOW_52_WEEK] == min(quote.low, tape.price(past.trade.low))
    assert values[T.LOW_52_WEEK] <= values[T.LOW_26_WEEK] <= values[T.LOW_13_WEEK] <= quote.low
    assert values[T.HIGH_52_WEEK] >= values[T.HIGH_26_WEEK] >= values[T.HIGH_13_WEEK] >= quote.high
    ninety = tape.stretch(today - 90 * STEPS_PER_DAY, today)
    assert values[T.AVG_VOLUME] == round(D(ninety.lots * LOT) / 90)


def test_counts_and_rates_are_those_of_the_tape(client, world) -> None:
    world.advance(3 * 3600 + 17)
    values = ask(client, AAPL, "233,293,294,295,595")
    tape = world.market.tape(world.instrument("AAPL"))
    step = world.clock.now_ms() // STEP_MS
    day = tape.stretch(step - step % STEPS_PER_DAY, step + 1)
    minute = tape.stretch(step + 1 - 240, step + 1)
    assert values[T.TRADE_COUNT] == day.count
    assert (values[T.TRADE_RATE], values[T.VOLUME_RATE]) == (minute.count, minute.lots * LOT)
    assert values[T.VOLUME_RATE] < values[T.SHORT_TERM_VOLUME_3_MIN]
    assert values[T.SHORT_TERM_VOLUME_5_MIN] == tape.stretch(step + 1 - 1200, step + 1).lots * LOT
    assert values[T.SHORT_TERM_VOLUME_5_MIN] < values[T.SHORT_TERM_VOLUME_10_MIN]
    price, size, time_ms, volume, vwap, single = values[T.RT_VOLUME].split(";")
    quote = world.quote("AAPL")
    assert (D(price), D(size), int(time_ms)) == (quote.last, quote.last_size, quote.last_time_ms)
    assert (D(volume), single) == (quote.volume, "true")
    assert float(vwap) == pytest.approx(day.notional / day.lots / 100, rel=2e-3)
    assert quote.low < D(vwap) < quote.high


@pytest.mark.parametrize("steps", range(6))
def test_the_last_minute_is_the_one_up_to_now(client, world, steps) -> None:
    world.advance(60 + steps * STEP_MS / 1000)
    values = ask(client, AAPL, "294,295")
    step = world.clock.now_ms() // STEP_MS
    tape = world.market.tape(world.instrument("AAPL"))
    trades = list(tape.trades(step - 239, step + 1))
    assert values[T.TRADE_RATE] == len(trades)
    assert values[T.VOLUME_RATE] == sum(trade.lots for trade in trades) * LOT


def test_the_trade_count_keeps_up_over_midnight(client, world) -> None:
    world.advance(10 * 3600 - 60)
    client.send(RequestMarketData(5, AAPL, "mdoff,293"))
    world.advance(61)
    world.advance(75)
    seen = told(client.read())
    step = world.clock.now_ms() // STEP_MS
    tape = world.market.tape(world.instrument("AAPL"))
    first = step - step % STEPS_PER_DAY
    assert seen.keys() == {T.TRADE_COUNT}
    counts = [tape.stretch(first, step + 1 - late).count for late in range(5)]
    assert seen[T.TRADE_COUNT] in counts


def test_volatilities_are_about_that_of_the_path(client, world) -> None:
    values = ask(client, AAPL, "104,106,411")
    usual = world.instrument("AAPL").path.volatility
    assert float(values[T.OPTION_HISTORICAL_VOL]) == pytest.approx(usual, rel=0.35)
    assert float(values[T.RT_HISTORICAL_VOL]) == pytest.approx(usual, rel=0.35)
    assert float(values[T.OPTION_IMPLIED_VOL]) == pytest.approx(usual, rel=0.1)


def test_the_premium_is_that_of_the_front_future(client, world) -> None:
    premium = ask(client, SPX, "162")[T.INDEX_FUTURE_PREMIUM]
    (front,) = world.database.find(CONTFUT)
    quotes = world.market.quote(front, world.clock.now_ms()), world.quote("SPX")
    assert premium == quotes[0].mark - quotes[1].mark


def test_ratios_and_dividends_can_be_read(client, world) -> None:
    for req_id, symbol in enumerate(("AAPL", "MSFT", "TSLA", "NVDA", "AMZN", "GOOGL")):
        contract = Contract(symbol=symbol, sec_type="STK", exchange="SMART", currency="USD")
        values = ask(client, contract, "258,456", req_id)
        ratios = dict(part.split("=") for part in values[T.FUNDAMENTAL_RATIOS].split(";") if part)
        assert D(ratios["NLOW"]) <= D(ratios["NPRICE"]) <= D(ratios["NHIG"])
        past, coming, day, amount = values[T.IB_DIVIDENDS].split(",")
        assert bool(past) == bool(coming) == bool(day) == bool(amount)
        if past:
            assert D(past) == 4 * D(amount) > 0
            assert "20250616" < day < "20251001"


def test_a_tick_is_sent_again_only_when_it_says_something_new(client, world) -> None:
    client.send(RequestMarketData(5, AAPL, "165,236,258,456,460,104"))
    world.advance(30)
    again = [T(r.tick_type) for r in client.read() if hasattr(r, "tick_type")]
    assert not {T.SHORTABLE, T.IB_DIVIDENDS, T.AVG_VOLUME, T.OPTION_HISTORICAL_VOL} & {*again}


def test_with_market_data_off_there_are_generic_ticks_alone(client, world) -> None:
    assert ask(client, AAPL, "mdoff,236").keys() == {T.SHORTABLE, T.SHORTABLE_SHARES}
    world.set_quote("AAPL", bid=D(1), ask=D(2))
    assert client.read() == []


def test_the_same_seed_says_the_same(join, world) -> None:
    every = ",".join(map(str, GENERICS))
    one, two = (ask(join(n), AAPL, every) for n in (1, 2))
    assert one == two
    assert len(one) > 45


def test_a_bond_has_yields(client, world) -> None:
    values = ask(client, BOND)
    assert values[T.ASK_YIELD] < values[T.BID_YIELD]
    assert 3 < values[T.LAST_YIELD] < 6


def test_a_us_stock_names_its_venues(client) -> None:
    values = ask(client, AAPL)
    for tick_type in (T.LAST_EXCHANGE, T.BID_EXCHANGE, T.ASK_EXCHANGE):
        assert values[tick_type].isupper()
    assert T.BID_EXCHANGE not in ask(client, BOND, req_id=6)


# --- options ---


def test_an_option_line_has_its_greeks(client, world) -> None:
    instrument = option(world)
    values = ask(client, instrument.contract())
    under = world.quote("AAPL")
    bid, ask_, last, model = (values[T(n)] for n in (10, 11, 12, 13))
    assert (bid.option_price, ask_.option_price) == (
        pytest.approx(values[T.BID]),
        pytest.approx(values[T.ASK]),
    )
    assert last.option_price == pytest.approx(values[T.LAST])
    assert bid.implied_volatility < model.implied_volatility < ask_.implied_volatility
    assert 0 < model.delta < 1
    assert model.theta < 0 < model.vega
    assert {g.under_price for g in (bid, ask_, last, model)} == {under.mark}


def test_the_model_is_what_a_calculation_says(client, world) -> None:
    for right in "CP":
        contract = option(world, right).contract()
        model = ask(client, contract, req_id=ord(right))[T.MODEL_OPTION]
        (priced,) = client.send(
            CalculateOptionPrice(9, contract, model.implied_volatility, model.under_price)
        )
        assert priced.option_price == pytest.approx(model.option_price, abs=D("1e-7"))
        assert priced.delta == pytest.approx(model.delta, abs=D("1e-7"))


def test_greeks_follow_a_quote_that_is_set_by_hand(client, world) -> None:
    client.send(RequestMarketData(5, option(world).contract()))
    world.set_quote("AAPL", bid=D(300), ask=D("300.02"))
    values = told(client.read())
    assert values[T.BID] >= 70
    assert values[T.MODEL_OPTION].under_price == D("300.01")
    assert values[T.MODEL_OPTION].delta > D("0.9")
    world.advance(1)
    assert client.read() == []


def test_a_price_below_the_model_s_reach_is_sent_without_greeks(client, world) -> None:
    instrument = option(world)
    world.set_quote("AAPL", bid=D(300), ask=D(300))
    world.set_quote(instrument.local_symbol, bid=D(1), ask=D(80))
    values = ask(client, instrument.contract())
    assert values[T.BID_OPTION] == TickOptionComputation(
        req_id=5, tick_type=10, option_price=D(1), under_price=D(300)
    )
    world.set_quote(instrument.local_symbol, bid=None, ask=D(80))
    assert told(client.read())[T.BID_OPTION].option_price == -1


def test_delayed_options_have_delayed_greeks_and_a_notice(client, world) -> None:
    instrument = option(world)
    world.entitle("*", Entitlement.UNSUBSCRIBED)
    client.send(RequestMarketDataType(4))
    replies = client.send(RequestMarketData(5, instrument.contract()))
    assert replies[1] == MarketDataType(5, 3)
    assert codes(replies) == [10167, 10091]
    greeks = {r.tick_type for r in replies if isinstance(r, TickOptionComputation)}
    assert greeks == {80, 81, 82, 83}


def test_a_warrant_is_a_share_of_an_option(client, world) -> None:
    (warrant,) = world.database.find(Contract(symbol="DAX", sec_type="WAR"))
    values = ask(client, warrant.contract())
    valuation = world.market.valuation(warrant, world.clock.now_ms())
    whole = pricing.value(valuation.option)
    assert float(values[T.MODEL_OPTION].delta) == pytest.approx(whole.delta / 100, rel=1e-6)
    assert values[T.BID] < values[T.MODEL_OPTION].option_price < values[T.ASK]


# --- entitlements and data types ---


@pytest.mark.parametrize("entitlement", Entitlement)
@pytest.mark.parametrize(("wanted", "row"), [(1, 0), (2, 0), (3, 1), (4, 1), (99, 0)])
def test_every_entitlement_answers_by_its_row(client, world, entitlement, wanted, row) -> None:
    answer = RULES[entitlement][row]
    world.entitle("AAPL", entitlement)
    client.send(RequestMarketDataType(wanted))
    replies = client.send(RequestMarketData(5, AAPL))
    assert codes(replies) == ([answer.code] if answer.code else [])
    types = [r.market_data_type for r in replies if isinstance(r, MarketDataType)]
    assert types == ([answer.data] if answer.data else [])
    values = told(replies)
    top = {T.DELAYED_BID, T.DELAYED_ASK} if answer.data == 3 else {T.BID, T.ASK}
    assert top.issubset(values) is (answer.data is not None and not answer.without_top)
    assert bool(values) is (answer.data is not None)
    assert client.send(CancelMarketData(5)) == [] or answer.data is None


@pytest.mark.parametrize(
    ("entitlement", "text"),
    [
        (Entitlement.PARTIAL, "ticks are still active.AAPL NASDAQ.NMS/TOP/BID_ASK"),
        (Entitlement.DELAYED, "data is available.AAPL NASDAQ.NMS/TOP/ALL"),
        (Entitlement.COMPETING, "No market data during competing live session"),
        (Entitlement.UNAVAILABLE, "Requested market data is not subscribed."),
    ],
)
def test_refusals_have_the_gateway_s_words(client, world, entitlement, text) -> None:
    world.entitle("AAPL", entitlement)
    (error,) = [r for r in client.send(RequestMarketData(5, AAPL)) if isinstance(r, ErrorMessage)]
    assert error.text.endswith(text)


def test_a_competing_session_silences_all_lines_until_it_is_over(join, world) -> None:
    one, two = join(1), join(2)
    one.send(RequestMarketData(5, AAPL), RequestMarketData(6, SPX))
    two.send(RequestMarketData(7, AAPL))
    world.entitle("*", Entitlement.COMPETING)
    assert [(r.id, r.code) for r in one.read()] == [(5, 10197), (6, 10197)]
    assert [(r.id, r.code) for r in two.read()] == [(7, 10197)]
    world.set_quote("AAPL", bid=D(90), ask=D(91))
    world.advance(2)
    assert one.read() == two.read() == []
    world.entitle("*", Entitlement.LIVE)
    assert told(two.read())[T.BID] == 90
    assert {reply.req_id for reply in one.read()} == {5, 6}
    world.advance(1)
    assert {reply.req_id for reply in one.read()} == {6}


def test_delayed_data_are_a_quarter_of_an_hour_old(client, world) -> None:
    world.entitle("AAPL", Entitlement.DELAYED)
    client.send(RequestMarketDataType(3))
    seen = ask(client, AAPL)
    old = world.market.quote(world.instrument("AAPL"), world.clock.now_ms() - 900_000)
    assert seen[T.DELAYED_BID] == old.bid
    assert seen[T.DELAYED_LAST_TIMESTAMP] == str(old.last_time_ms // 1000)


def test_delayed_data_are_announced_once_for_a_contract(client, world) -> None:
    world.entitle("AAPL", Entitlement.DELAYED)
    client.send(RequestMarketDataType(3))
    assert codes(client.send(RequestMarketData(5, AAPL))) == [10167]
    assert codes(client.send(RequestMarketData(6, AAPL))) == []
    client.send(CancelMarketData(5), CancelMarketData(6))
    assert codes(client.send(RequestMarketData(7, AAPL))) == [10167]


def test_frozen_data_are_for_who_asks_while_the_market_is_closed(join, world) -> None:
    world.market.sessions = TradingCalendar()
    world.advance(10 * 3600 - 5)  # 2025-06-16, five seconds before the end in New York
    one, two = join(1), join(2)
    two.send(RequestMarketDataType(2))
    for client in (one, two):
        assert MarketDataType(5, 1) in client.send(RequestMarketData(5, AAPL))
    world.advance(10)
    assert not [r for r in one.read() if isinstance(r, MarketDataType)]
    assert [r for r in two.read() if isinstance(r, MarketDataType)] == [MarketDataType(5, 2)]
    world.entitle("AAPL", Entitlement.DELAYED)
    two.send(RequestMarketDataType(4))
    assert MarketDataType(6, 4) in two.send(RequestMarketData(6, AAPL))
    two.send(RequestMarketDataType(3))
    assert MarketDataType(7, 3) in two.send(RequestMarketData(7, AAPL))


# --- snapshots ---


def test_a_snapshot_without_all_prices_ends_after_eleven_seconds(client, world) -> None:
    world.set_quote("AAPL", bid=None, ask=D(100))
    assert TickSnapshotEnd(5) not in client.send(RequestMarketData(5, AAPL, snapshot=True))
    world.advance(10.9)
    assert TickSnapshotEnd(5) not in client.read()
    world.advance(0.2)
    assert client.read()[-1] == TickSnapshotEnd(5)
    assert codes(client.send(CancelMarketData(5))) == [300]


def test_a_snapshot_ends_early_when_the_missing_price_comes(client, world) -> None:
    world.set_quote("AAPL", bid=None, ask=D(100))
    client.send(RequestMarketData(5, AAPL, snapshot=True))
    world.set_quote("AAPL", bid=D(99), ask=D(100))
    assert client.read()[-1] == TickSnapshotEnd(5)
    world.advance(20)
    assert client.read() == []


def test_a_snapshot_that_is_cancelled_never_ends(client, world) -> None:
    world.set_quote("AAPL", bid=None, ask=D(100))
    client.send(RequestMarketData(5, AAPL, snapshot=True), CancelMarketData(5))
    world.advance(20)
    assert client.read() == []


@pytest.mark.parametrize(
    ("entitlement", "expected"),
    [
        (Entitlement.LIVE, []),
        (Entitlement.UNSUBSCRIBED, []),
        (Entitlement.COMPETING, [10197]),
        (Entitlement.NONE, [10168]),
    ],
)
def test_a_regulatory_snapshot_needs_no_subscription(client, world, entitlement, expected) -> None:
    world.entitle("AAPL", entitlement)
    replies = client.send(RequestMarketData(5, AAPL, regulatory_snapshot=True))
    assert codes(replies) == expected
    assert (replies[-1] == TickSnapshotEnd(5)) is (expected == [])


def test_a_regulatory_snapshot_takes_no_generic_ticks(client) -> None:
    replies = client.send(RequestMarketData(5, AAPL, "233", regulatory_snapshot=True))
    assert codes(replies) == [414]
