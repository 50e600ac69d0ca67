"""A user's own market data. Which bug turns these red: a price that is not in the file."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pyarrow as pa
import pytest
from pyarrow import parquet

from simulator import World, WorldError, WorldSettings
from simulator.market import STEP_MS, TradingCalendar
from simulator.messages.history import RequestHistoricalTicks
from simulator.messages.market_data import RequestMarketData, TickPrice
from simulator.records import Contract

START = datetime(2025, 6, 16, 14, 0, tzinfo=UTC)
"""Where a manual clock starts, 10:00 in New York."""
START_MS = round(START.timestamp() * 1000)
START_STEP = START_MS // STEP_MS
MINUTE = 60_000 // STEP_MS

BARS = """time,open,high,low,close,volume
2025-06-16T14:00:00Z,100.00,101.50,99.25,101.00,1000
2025-06-16T14:01:00Z,101.00,101.25,98.00,98.50,2003
2025-06-16T14:02:00Z,98.50,98.50,98.50,98.50,0
"""
QUOTES = """time,bid,ask,bid_size,ask_size,last,last_size
2025-06-16T10:00:00,99.5,100.5,3,4,,
2025-06-16T10:00:10,99.75,100.25,5,6,100.125,7
2025-06-16T10:00:20,99,100,5,6,99,2.5
"""


def world_of(tmp_path, name: str, text: str, **settings) -> World:
    (tmp_path / name).write_text(text)
    return World(WorldSettings(clock="manual", market_data=tmp_path, **settings))


def tape(world: World, name: str = "AAPL"):
    return world.market.tape(world.instrument(name))


def bar(of, first: int, end: int) -> tuple:
    span = (found := of.stretch(first, end)).trade
    prices = (of.price(ticks) for ticks in (span.open, span.high, span.low, span.close))
    return (*prices, found.lots * of.lot)


def test_bars_of_the_file_are_the_bars_of_the_tape(tmp_path) -> None:
    of = tape(world_of(tmp_path, "AAPL.bars.csv", BARS))
    bars = [bar(of, START_STEP + n * MINUTE, START_STEP + (n + 1) * MINUTE) for n in range(3)]
    assert bars == [
        (D(100), D("101.5"), D("99.25"), D(101), 1000),
        (D(101), D("101.25"), D(98), D("98.5"), 2003),
        (D("98.5"), D("98.5"), D("98.5"), D("98.5"), 0),
    ]
    whole = bar(of, START_STEP, START_STEP + 3 * MINUTE)
    assert whole == (D(100), D("101.5"), D(98), D("98.5"), 3003)


def test_live_quotes_go_through_the_bars(tmp_path) -> None:
    world = world_of(tmp_path, "AAPL.bars.csv", BARS)
    lasts = []
    for _ in range(120):
        quote = world.quote("AAPL")
        assert quote.ask - quote.bid == D("0.02")
        assert quote.bid <= quote.last <= quote.ask
        lasts.append(quote.last)
        world.advance(1)
    rising, falling = ("100.00", "99.25", "101.50"), ("101.00", "101.25", "98.00")
    assert list(dict.fromkeys(lasts[:60])) == [D(price) for price in rising]
    assert list(dict.fromkeys(lasts[60:])) == [D(price) for price in falling]
    quote = world.quote("AAPL")
    assert (quote.open, quote.high, quote.low) == (D(100), D("101.5"), D(98))
    assert quote.volume == 3003


def test_a_subscriber_sees_the_file(tmp_path, join) -> None:
    world = world_of(tmp_path, "265598.quotes.csv", QUOTES)
    client = join(world=world)
    ticks = client.send(RequestMarketData(5, Contract(con_id=265598, exchange="SMART")))
    prices = {tick.tick_type: tick.price for tick in ticks if isinstance(tick, TickPrice)}
    assert (prices[1], prices[2]) == (D("99.5"), D("100.5"))
    world.advance(21)
    prices = {tick.tick_type: tick.price for tick in client.read() if isinstance(tick, TickPrice)}
    assert (prices[1], prices[2], prices[4]) == (D(99), D(100), D(99))


def test_quotes_stand_until_the_next_and_trades_have_their_sizes(tmp_path) -> None:
    world = world_of(tmp_path, "AAPL.quotes.csv", QUOTES)
    of = tape(world)
    world.advance(19)
    quote = world.quote("AAPL")
    assert (quote.bid, quote.ask) == (D("99.75"), D("100.25"))
    assert (quote.bid_size, quote.ask_size) == (5, 6)
    assert (quote.last, quote.last_size, quote.volume) == (D("100.125"), 7, 7)
    assert quote.last_time_ms == START_MS + 10_000
    first = START_STEP + 1
    stretch = of.stretch(first, first + MINUTE)
    assert [of.price(p) for p in (stretch.bid.open, stretch.bid.high, stretch.bid.low)] == [
        D("99.5"),
        D("99.75"),
        D(99),
    ]
    assert of.price(stretch.ask.low) == 100
    assert [trade.lots * of.lot for trade in of.trades(first, first + MINUTE)] == [7, D("2.5")]
    assert D(stretch.notional) * of.price(1) * of.lot == D("100.125") * 7 + 99 * D("2.5")


def test_the_first_and_the_last_row_hold(tmp_path) -> None:
    of = tape(world_of(tmp_path, "AAPL.quotes.csv", QUOTES))
    for step, price, count in ((0, D("99.5"), 0), (START_STEP + 10**6, D(99), 0)):
        assert of.price(of.bid(step)) == price
        stretch = of.stretch(step, step + MINUTE)
        assert (of.price(stretch.bid.low), stretch.count, stretch.lots) == (price, count, 0)
    assert of.price(of.last_trade(0).ticks) == D("100.125")
    assert of.price(of.last_trade(START_STEP + 10**6).ticks) == 99


def test_quotes_without_a_trade_show_the_bid_as_last(tmp_path) -> None:
    text = "time,bid,ask\n1750082400,1.08505,1.0851\n"
    quote = world_of(tmp_path, "EUR.USD.quotes.csv", text).quote("EURUSD")
    assert (quote.bid, quote.ask, quote.last) == (D("1.08505"), D("1.0851"), D("1.08505"))
    assert (quote.volume, quote.bid_size) == (0, 2_000_000)


@pytest.mark.parametrize("first", [1, 5, 41, 80])
def test_two_stretches_are_one(tmp_path, first) -> None:
    of = tape(world_of(tmp_path, "AAPL.quotes.csv", QUOTES))
    start = START_STEP + first
    for length in (1, 39, 40, 41, 200):
        parts = of.stretch(start, start + length).then(of.stretch(start + length, start + 300))
        assert parts == of.stretch(start, start + 300)


def test_bars_of_dates_are_those_of_the_sessions(tmp_path) -> None:
    text = "time,open,high,low,close\n2025-11-26,1,4,1,3\n2025-11-28,3,5,2,2\n"
    world = world_of(tmp_path, "AAPL.bars.csv", text, calendar=True)
    calendar, of = TradingCalendar(), tape(world)
    aapl = world.instrument("AAPL")
    for day, prices in ((date(2025, 11, 26), (1, 4, 1, 3)), (date(2025, 11, 28), (3, 5, 2, 2))):
        session = calendar.on(aapl, day, use_rth=True)
        found = bar(of, session.start_ms // STEP_MS, session.end_ms // STEP_MS)
        assert found == (*prices, 0)
    closed = text.replace("2025-11-28", "2025-11-27")
    with pytest.raises(WorldError, match="line 3, column time: 2025-11-27 is a holiday of XNYS"):
        world_of(tmp_path, "AAPL.bars.csv", closed, calendar=True)
    assert world_of(tmp_path, "AAPL.bars.csv", closed).quote("AAPL").last == 1


@pytest.mark.parametrize("unit", ["s", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", None])
def test_parquet_is_as_good_as_csv(tmp_path, unit, zone) -> None:
    times = pa.array([START_MS + n * 60_000 for n in range(2)], pa.timestamp("ms", "UTC"))
    if zone is None:
        times = times.cast(pa.int64()).cast(pa.timestamp("ms"))
        times = pa.array([t.replace(hour=10) for t in times.to_pylist()], pa.timestamp("ms"))
    columns = {"time": times.cast(pa.timestamp(unit, zone)), "volume": [1000, 2003]}
    columns |= {"open": [100.0, 101.0], "high": [101.5, 101.25], "low": [99.25, 98.0]}
    table = pa.table(columns | {"close": [101.0, 98.5]})
    (tmp_path / "parquet").mkdir()
    file = tmp_path / "parquet" / "AAPL.bars.parquet"
    parquet.write_table(table, file)
    ours = tape(World(WorldSettings(clock="manual", market_data=file)))
    theirs = tape(world_of(tmp_path, "AAPL.bars.csv", BARS))
    for end in (10, MINUTE, 2 * MINUTE):
        assert bar(ours, START_STEP, START_STEP + end) == bar(theirs, START_STEP, START_STEP + end)


HEAD = "time,open,high,low,close,volume\n"
GOOD = "2025-06-16T14:00:00Z,1,1,1,1,1\n"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("AAPL.csv", HEAD, r"AAPL.csv: rename it to SYMBOL.quotes.csv"),
        ("NOPE.bars.csv", HEAD, r"NOPE.bars.csv: no instrument 'NOPE'; name a symbol"),
        ("404.bars.csv", HEAD, r"404.bars.csv: no instrument '404'; name a symbol"),
        ("AAPL.bars.csv", "", "column time: is missing; bars need time, open, high, low, close"),
        ("AAPL.bars.csv", HEAD, "has no row; give at least one"),
        ("AAPL.bars.csv", HEAD.replace("volume", "vol"), "column vol: is not known; remove it"),
        ("AAPL.bars.csv", HEAD + "1,2\n", "line 2: has not as many cells as the header"),
        ("AAPL.bars.csv", HEAD + "noon,1,1,1,1,1\n", "line 2, column time: 'noon' is not a time"),
        ("AAPL.bars.csv", HEAD + ",1,1,1,1,1\n", "line 2, column time: is empty; give 2025"),
        ("AAPL.bars.csv", HEAD + GOOD, "line 2, column time: one bar does not say how long"),
        ("AAPL.bars.csv", HEAD + 2 * GOOD, "line 3, column time: is not after that of the last"),
        (
            "AAPL.bars.csv",
            HEAD + GOOD + "2025-06-16,1,1,1,1,1\n",
            "line 3, column time: is not after that of the last row",
        ),
        (
            "AAPL.bars.csv",
            HEAD + "2025-06-16,1,1,1,1,1\n" + GOOD,
            "line 3, column time: is no date as in the first row",
        ),
        ("AAPL.bars.csv", HEAD + "2025-06-16,1,x,1,1,1\n", "column high: 'x' cannot be used; give"),
        ("AAPL.bars.csv", HEAD + "2025-06-16,1,,1,1,1\n", "line 2, column high: is empty; give"),
        ("AAPL.bars.csv", HEAD + "2025-06-16,0,1,1,1,1\n", "column open: '0' cannot be used"),
        ("AAPL.bars.csv", HEAD + "2025-06-16,2,1,1,1,1\n", "column high: is below another price"),
        ("AAPL.bars.csv", HEAD + "2025-06-16,1,2,1.5,2,1\n", "column low: is above another price"),
        ("AAPL.bars.csv", HEAD + "2025-06-16,1,1,1,1,-1\n", "column volume: '-1' cannot be used"),
        ("AAPL.bars.csv", HEAD + "2025-06-16,1,1,1,1,nan\n", "column volume: 'nan' cannot be used"),
        (
            "AAPL.bars.csv",
            HEAD + "1750082400.0,1,1,1,1,1\n1750082400.5,1,1,1,1,1\n",
            "AAPL.bars.csv: bars must last a second",
        ),
        ("AAPL.quotes.csv", "time,bid,ask\n1,2,1\n", "column bid: 2 is above the ask 1; leave"),
        ("AAPL.quotes.csv", "time,bid,ask\n1,,1\n", "line 2, column bid: is empty; give a number"),
        ("AAPL.quotes.csv", "time,bid,ask\n2,1,1\n1,1,1\n", "line 3, column time: is before that"),
        ("AAPL.quotes.csv", "time,bid,ask,last\n2,1,1,0\n", "line 2, column last: '0' cannot"),
        ("AAPL.bars.parquet", "PAR1", "AAPL.bars.parquet: cannot be read: "),
    ],
)
def test_a_bad_file_is_refused_by_name_row_and_column(tmp_path, name, text, told) -> None:
    with pytest.raises(WorldError, match=told):
        world_of(tmp_path, name, text)


def test_a_bad_cell_of_parquet_is_told_by_its_row(tmp_path) -> None:
    table = pa.table({"time": [1, 2], "bid": [1.0, None], "ask": [1.0, 1.0]})
    parquet.write_table(table, tmp_path / "AAPL.quotes.parquet")
    with pytest.raises(WorldError, match="row 2, column bid: is empty"):
        World(WorldSettings(market_data=tmp_path))


def test_two_files_of_one_instrument_are_refused(tmp_path) -> None:
    (tmp_path / "265598.bars.csv").write_text(BARS)
    with pytest.raises(WorldError, match="AAPL has data from another file; remove one"):
        world_of(tmp_path, "AAPL.bars.csv", BARS)


def test_a_directory_without_data_and_no_file_are_refused(tmp_path) -> None:
    with pytest.raises(WorldError, match=r"has no file such as AAPL.quotes.csv"):
        world_of(tmp_path, "notes.txt", "")
    with pytest.raises(WorldError, match="cannot be read: "):
        World(WorldSettings(market_data=tmp_path / "AAPL.bars.csv"))


def test_without_pyarrow_it_is_told_how_to_get_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        WorldError, match=r"pip install 'ibkr-testbed\[parquet\]', or give it as CS"
    ):
        world_of(tmp_path, "AAPL.bars.parquet", "")


def test_the_command_takes_a_directory_and_does_not_import_pyarrow_for_csv(tmp_path) -> None:
    (tmp_path / "AAPL.bars.csv").write_text(BARS.replace("99.25", "x"))
    result = subprocess.run(
        [sys.executable, "-m", "simulator", "serve", "--market-data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert "line 2, column low: 'x' cannot be used" in result.stderr
    code = (
        "import sys; from pathlib import Path; from simulator import World, WorldSettings;"
        f"World(WorldSettings(market_data=Path({str(tmp_path)!r})));"
        "assert not {'pyarrow', 'pandas'} & set(sys.modules)"
    )
    (tmp_path / "AAPL.bars.csv").write_text(BARS)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(("name", "text"), [("AAPL.quotes.csv", QUOTES), ("AAPL.bars.csv", BARS)])
def test_quotes_change_at_no_other_steps(tmp_path, name, text) -> None:
    """Red if a tick of the past would be passed over, or one begins a step too late."""
    of, end = tape(world_of(tmp_path, name, text)), START_STEP + 4 * MINUTE

    def shown(step: int) -> tuple:
        return of.bid(step), of.ask(step), of.sizes(step)

    steps = range(START_STEP + 1, end)
    changed = [step for step in steps if shown(step) != shown(step - 1)]
    assert changed
    assert set(changed) <= set(of.changes(START_STEP + 1, end))
    assert len(list(of.changes(START_STEP, end))) <= 12


def test_ticks_of_the_past_are_the_rows_of_the_file(tmp_path, join) -> None:
    world = world_of(tmp_path, "AAPL.quotes.csv", QUOTES)
    world.advance(60)
    client = join(world=world)
    contract = world.instrument("AAPL").contract()
    request = RequestHistoricalTicks(
        1, contract, False, "20250616-14:00:00", "", 10, "BID_ASK", False, False
    )
    (reply,) = client.send(request)
    assert [(tick.bid, tick.ask) for tick in reply.ticks] == [
        (D("99.75"), D("100.25")),
        (D(99), D(100)),
    ]
