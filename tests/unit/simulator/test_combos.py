"""Combinations as instruments. Red: one that is another when its legs are named in another
order, that is found though it cannot be, or is refused for another cause.
"""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.gateway.ticks import GENERICS
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase, weight
from simulator.instruments.derivatives import COMBO_IDS, FIRST_COMBO_ID
from simulator.messages.contracts import RequestContractData
from simulator.messages.depth import RequestMarketDepth
from simulator.messages.history import (
    RequestHistoricalData,
    RequestRealTimeBars,
    RequestTickByTickData,
)
from simulator.messages.market_data import RequestMarketData, TickPrice, TickType
from simulator.records import ComboLeg, Contract


@pytest.fixture
def database(world) -> ContractDatabase:
    return world.database


def option(database, strike: str, right: str = "C", symbol: str = "AAPL"):
    """The option that ends next."""
    wanted = Contract(symbol=symbol, sec_type="OPT", strike=D(strike), right=right)
    return min(database.find(wanted), key=lambda found: found.expiry)


def leg(instrument, ratio: int = 1, action: str = "BUY", exchange: str = "SMART") -> ComboLeg:
    return ComboLeg(con_id=instrument.con_id, ratio=ratio, action=action, exchange=exchange)


def bag(*legs: ComboLeg, symbol: str = "AAPL", exchange: str = "SMART") -> Contract:
    return Contract(
        symbol=symbol, sec_type="BAG", exchange=exchange, currency="USD", combo_legs=legs
    )


def spread(database) -> Contract:
    long, short = option(database, "200"), option(database, "210")
    return bag(leg(long), leg(short, action="SELL"))


def test_a_combination_is_the_same_whatever_the_order_of_its_legs(database) -> None:
    wanted = spread(database)
    (combo,) = database.find(wanted)
    (again,) = database.find(replace(wanted, combo_legs=wanted.combo_legs[::-1]))
    assert again is combo
    assert database[combo.con_id] is combo
    assert FIRST_COMBO_ID <= combo.con_id < FIRST_COMBO_ID + COMBO_IDS == 1 << 31
    (elsewhere,) = ContractDatabase(INSTRUMENTS, PRODUCTS, database._today).find(wanted)
    assert elsewhere == combo


def test_direction_and_ratio_make_another_combination(database) -> None:
    long, short = option(database, "200"), option(database, "210")
    wanted = [
        bag(leg(long), leg(short, action="SELL")),
        bag(leg(long, action="SELL"), leg(short)),
        bag(leg(long), leg(short, 2, "SELL")),
        bag(leg(long), leg(short, action="SELL"), symbol="AAPL,AAPL"),
    ]
    ids = [database.find(contract)[0].con_id for contract in wanted]
    assert len(set(ids)) == 4
    elsewhere = ContractDatabase(INSTRUMENTS, PRODUCTS, database._today)
    assert [elsewhere.find(contract)[0].con_id for contract in wanted[::-1]] == ids[::-1]


def test_two_combinations_never_share_an_id(database, monkeypatch) -> None:
    monkeypatch.setattr("simulator.instruments.combos.COMBO_IDS", 1)
    long, short = option(database, "200"), option(database, "210")
    (bull,) = database.find(bag(leg(long), leg(short, action="SELL")))
    (bear,) = database.find(bag(leg(long, action="SELL"), leg(short)))
    assert bull.con_id != bear.con_id
    assert database[bear.con_id] is bear
    assert database.find(bag(leg(long, action="SELL"), leg(short))) == [bear]


def test_a_contract_echoes_what_gateways_show(database) -> None:
    (combo,) = database.find(spread(database))
    contract = combo.contract()
    assert (contract.con_id, contract.trading_class) == (28812380, "COMB")
    first, second = combo.legs
    assert contract.combo_legs_description == (
        f"{first.instrument.con_id}|{first.sign},{second.instrument.con_id}|{second.sign}"
    )
    assert sorted(leg.action for leg in contract.combo_legs) == ["BUY", "SELL"]
    assert database.find(contract) == [combo]
    assert database.by_name(contract.combo_legs_description) is combo


@pytest.mark.parametrize(
    ("legs", "multiplier", "weights"),
    [
        (("option 1", "other 1"), 100, (1, 1)),
        (("option 2", "other 2"), 100, (2, 2)),
        (("option 1", "other 3"), 100, (1, 3)),
        (("stock 100", "option 1"), 100, (1, 1)),
        (("stock 200", "option 1"), 100, (2, 1)),
        (("stock 1", "MSFT 1"), 1, (1, 1)),
        (("stock 1", "MSFT 3"), 1, (1, 3)),
    ],
)
def test_a_price_is_for_one_unit_of_the_ratios(database, legs, multiplier, weights) -> None:
    known = {
        "option": option(database, "200"),
        "other": option(database, "210"),
        "stock": database.by_name("AAPL"),
        "MSFT": database.by_name("MSFT"),
    }
    named = [(known[text.split()[0]], int(text.split()[1])) for text in legs]
    (combo,) = database.find(bag(*(leg(instrument, ratio) for instrument, ratio in named)))
    assert combo.multiplier == multiplier
    found = {part.instrument.con_id: weight(combo, part) for part in combo.legs}
    assert tuple(found[instrument.con_id] for instrument, _ in named) == weights


def test_steps_are_cents_or_the_finest_of_the_futures(database) -> None:
    near, far = (i for i in list(database.futures())[:2])
    wanted = bag(leg(near, exchange="CME"), leg(far, action="SELL"), symbol="ES", exchange="CME")
    (calendar,) = database.find(
        replace(wanted, combo_legs=(wanted.combo_legs[0], leg(far, 1, "SELL", "CME")))
    )
    assert (calendar.min_tick, calendar.multiplier) == (near.min_tick, near.multiplier)
    assert (calendar.exchange, calendar.market_rule_id) == ("CME", near.market_rule_id)
    (options,) = database.find(spread(database))
    assert (options.min_tick, options.size_increment) == (D("0.01"), 1)


def refusals(database) -> dict[str, Contract]:
    aapl, option_ = database.by_name("AAPL"), option(database, "200")
    other = option(database, "210")
    abroad = next(i for i in database if i.sec_type == "STK" and i.currency != "USD")
    future = next(database.futures())
    return {
        "no legs": bag(),
        "one leg": bag(leg(option_)),
        "the same leg twice": bag(leg(option_), leg(option_, action="SELL")),
        "unknown": bag(leg(option_), ComboLeg(con_id=4, ratio=1, action="BUY")),
        "no contract": bag(leg(option_), ComboLeg(con_id=0, ratio=1, action="BUY")),
        "ratio": bag(leg(option_), leg(other, 0)),
        "action": bag(leg(option_), leg(other, action="SSHORT")),
        "an index": bag(leg(option_), leg(database.by_name("SPX"), exchange="")),
        "exchange of a leg": bag(leg(option_), leg(other, exchange="CME")),
        "two currencies": bag(leg(aapl), leg(abroad, exchange="")),
        "currency": replace(bag(leg(option_), leg(other)), currency="EUR"),
        "a stock on an exchange": bag(leg(aapl, 100), leg(option_), exchange="CBOE"),
        "no common exchange": bag(leg(option_), leg(future, exchange="CME")),
    }


@pytest.mark.parametrize(
    ("name", "code", "named"),
    [
        ("no legs", 321, "requires combo leg details"),
        ("one leg", 321, "The combo details are invalid"),
        ("the same leg twice", 321, "The combo details are invalid"),
        ("unknown", 321, "for leg '2' are invalid"),
        ("no contract", 321, "for leg '2' are invalid"),
        ("ratio", 321, "for leg '2' are invalid"),
        ("action", 321, "for leg '2' are invalid"),
        ("an index", 321, "for leg '2' are invalid"),
        ("exchange of a leg", 321, "for leg '2' are invalid"),
        ("two currencies", 10000, ""),
        ("currency", 200, ""),
        ("a stock on an exchange", 315, ""),
        ("no common exchange", 321, "The combo details are invalid"),
    ],
)
def test_what_is_no_combination_is_not_found_and_says_why(database, name, code, named) -> None:
    wanted = refusals(database)[name]
    assert database.find(wanted) == []
    objection = database.combo_objection(wanted)
    assert objection is not None
    assert objection[0] == code
    assert named in str(objection[1].get("cause", ""))


def test_legs_without_a_common_hour_are_no_combination(database) -> None:
    aapl = database.by_name("AAPL")
    late = replace(aapl, con_id=9, local_symbol="LATE", liquid_hours=("1700", "1800"))
    found = ContractDatabase((aapl, late)).find(bag(leg(aapl), leg(late)))
    assert found == []
    on_time = replace(late, liquid_hours=("1559", "1800"))
    assert ContractDatabase((aapl, on_time)).find(bag(leg(aapl), leg(on_time)))


def test_a_combination_is_over_with_its_first_leg(world, database) -> None:
    wanted = spread(database)
    (combo,) = database.find(wanted)
    by_id = Contract(con_id=combo.con_id)
    assert database.find(by_id) == [combo]
    world.advance(31 * 86_400)
    assert database.find(by_id) == database.find(wanted) == []
    assert database.find(by_id, include_expired=True) == [combo]


# --- market data ---


def ticks(replies) -> dict[TickType, D]:
    return {tick.tick_type: tick.price for tick in replies if isinstance(tick, TickPrice)}


@pytest.fixture
def quoted(world, database) -> Contract:
    """A spread with quotes set by hand: 5.00-5.20 is bought, 2.10-2.25 sold."""
    wanted = spread(database)
    long, short = (database[named.con_id] for named in wanted.combo_legs)
    world.set_quote(long.local_symbol, bid=D("5.00"), ask=D("5.20"))
    world.set_quote(short.local_symbol, bid=D("2.10"), ask=D("2.25"))
    return wanted


def test_a_line_of_a_combination_shows_its_quote(client, quoted) -> None:
    replies = client.send(RequestMarketData(5, quoted))
    parameters = replies[0]
    assert (parameters.min_tick, parameters.bbo_exchange) == (D("0.01"), "")
    assert (ticks(replies)[TickType.BID], ticks(replies)[TickType.ASK]) == (D("2.75"), D("3.10"))


def test_a_leg_that_moves_moves_the_combination_at_once(client, world, database, quoted) -> None:
    client.send(RequestMarketData(5, quoted))
    short = database[quoted.combo_legs[1].con_id]
    world.set_quote(short.local_symbol, bid=D("6.10"), ask=D("6.25"))
    assert ticks(client.read())[TickType.BID] == D("-1.25")
    world.halt(short.local_symbol)
    assert [tick.tick_type for tick in client.read()] == [TickType.HALTED]


def test_a_combination_is_quoted_by_hand_under_the_name_of_its_legs(
    client, world, database, quoted
) -> None:
    client.send(RequestMarketData(5, quoted))
    (combo,) = database.find(quoted)
    world.set_quote(combo.legs_description, bid=D("-0.10"), ask=D(0))
    shown = ticks(client.read())
    assert (shown[TickType.BID], shown[TickType.ASK]) == (D("-0.10"), 0)


def test_all_generic_ticks_can_be_asked_of_a_combination(client, world, quoted) -> None:
    ids = ",".join(map(str, GENERICS))
    replies = client.send(RequestMarketData(5, quoted, ids))
    assert ticks(replies)[TickType.MARK_PRICE] == D("2.925")
    world.advance(5)


def test_an_unset_combination_ticks_with_its_legs(client, world, database) -> None:
    stock, other = database.by_name("AAPL"), database.by_name("MSFT")
    wanted = bag(leg(stock), leg(other, action="SELL"))
    client.send(RequestMarketData(5, wanted))
    world.advance(10)
    prices = [t.price for t in client.read() if getattr(t, "tick_type", 0) == TickType.BID]
    (combo,) = database.find(wanted)
    assert len(set(prices)) > 5
    assert prices[-1] == world.market.quote(combo, world.clock.now_ms()).bid


@pytest.mark.parametrize("name", ["no legs", "unknown", "two currencies", "a stock on an exchange"])
def test_a_bad_combination_is_refused_by_its_cause(client, database, name) -> None:
    wanted = refusals(database)[name]
    objection = database.combo_objection(wanted)
    (error,) = client.send(RequestMarketData(5, wanted))
    assert (error.id, error.code) == (5, objection[0])


def test_a_combination_has_no_definition_no_history_and_no_depth(client, database) -> None:
    wanted = spread(database)
    (combo,) = database.find(wanted)
    requests = [
        RequestContractData(5, wanted),
        RequestContractData(5, Contract(con_id=combo.con_id)),
        RequestHistoricalData(
            req_id=5,
            contract=wanted,
            include_expired=False,
            end_date_time="",
            bar_size="1 min",
            duration="1 D",
            use_rth=False,
            what_to_show="TRADES",
            format_date=1,
        ),
        RequestRealTimeBars(5, Contract(con_id=combo.con_id), 5, "TRADES", use_rth=False),
        RequestTickByTickData(5, Contract(con_id=combo.con_id), "AllLast"),
        RequestMarketDepth(5, Contract(con_id=combo.con_id, exchange="SMART"), 5),
    ]
    codes = [[reply.code for reply in client.send(request)] for request in requests]
    assert codes == [[200]] * 5 + [[10092]]
