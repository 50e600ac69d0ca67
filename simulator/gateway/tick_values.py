"""What generic ticks say: from the tape, from the quote displayed, or drawn from the seed.

Each function tells tick types with their values of an instrument and its present quote;
nothing is told where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal

from simulator.gateway.companies import CENT, MILLION, Company
from simulator.gateway.figures import Figures
from simulator.instruments import Instrument
from simulator.market import Quote, at_the_money
from simulator.messages.market_data import TickType as T

Told = Iterable[tuple[T, Decimal | str]]
"""Tick types with what they say."""

MINUTE_MS = 60_000
FINE = Decimal("0.000001")
NO_RATIO = Decimal("-99999.99")
"""What a gateway writes for a ratio it does not have."""

WEEKS = (
    (13, T.LOW_13_WEEK, T.HIGH_13_WEEK),
    (26, T.LOW_26_WEEK, T.HIGH_26_WEEK),
    (52, T.LOW_52_WEEK, T.HIGH_52_WEEK),
)
SHORT_TERMS = (
    (3, T.SHORT_TERM_VOLUME_3_MIN),
    (5, T.SHORT_TERM_VOLUME_5_MIN),
    (10, T.SHORT_TERM_VOLUME_10_MIN),
)
EASY_TO_BORROW, HARD_TO_BORROW = Decimal(3), Decimal("1.5")
"""Of tick 46: above 2.5 at least 1000 shares can be borrowed, above 1.5 they must be located."""


def mark(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del figures, instrument
    yield T.MARK_PRICE, quote.mark


def slow_mark(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del figures, instrument
    yield T.CREDITMAN_SLOW_MARK_PRICE, quote.mark


def _trade(figures: Figures, instrument: Instrument, quote: Quote) -> str:
    """`price;size;ms;volume;vwap;true`: the last trade and the day so far."""
    is_set = figures.hub.market.is_set(instrument)
    vwap = quote.last if is_set else figures.average_price(instrument, quote.last)
    return f"{quote.last};{quote.last_size};{quote.last_time_ms};{quote.volume};{vwap:f};true"


def rt_volume(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    yield T.RT_VOLUME, _trade(figures, instrument, quote)


def rt_trade_volume(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    yield T.RT_TRADE_VOLUME, _trade(figures, instrument, quote)


# --- options of an underlying ---


def _has_options(figures: Figures, instrument: Instrument) -> bool:
    return any(True for _ in figures.hub.database.option_classes(instrument.con_id))


def _option_counts(
    figures: Figures, instrument: Instrument, what: str, total: Decimal
) -> tuple[Decimal, Decimal] | None:
    """A total as calls and puts: of an option all in its own right, else drawn."""
    if instrument.right:
        return (total, Decimal(0)) if instrument.right == "C" else (Decimal(0), total)
    if not _has_options(figures, instrument):
        return None
    calls = total * (45 + figures.draw(instrument, what) % 21) / 100
    whole = calls.to_integral_value()
    return whole, total.to_integral_value() - whole


def option_volume(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    total = quote.volume if instrument.right else quote.volume // 50
    counts = _option_counts(figures, instrument, "option volume", total)
    if counts is not None:
        yield from zip((T.OPTION_CALL_VOLUME, T.OPTION_PUT_VOLUME), counts, strict=True)


def open_interest(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    bits = figures.draw(instrument, "open interest", figures.today().date())
    total = Decimal(bits % 20_000 if instrument.right else 1_000_000 + bits % 4_000_000)
    counts = _option_counts(figures, instrument, "open interest", total)
    if counts is not None:
        types = T.OPTION_CALL_OPEN_INTEREST, T.OPTION_PUT_OPEN_INTEREST
        yield from zip(types, counts, strict=True)


def average_option_volume(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    if _has_options(figures, instrument):
        yield T.AVG_OPT_VOLUME, figures.average_volume(instrument) // 50


def implied_volatility(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    if instrument.right:
        valuation = figures.hub.market.valuation(instrument, figures.hub.now_ms)
        if valuation is not None:
            yield T.OPTION_IMPLIED_VOL, Decimal(valuation.option.volatility).quantize(FINE)
    elif _has_options(figures, instrument):
        volatility = at_the_money(instrument, float(quote.mark))
        yield T.OPTION_IMPLIED_VOL, Decimal(volatility).quantize(FINE)


# --- the past ---


def historical_volatility(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    yield T.OPTION_HISTORICAL_VOL, figures.volatility(instrument)


def real_time_volatility(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    yield T.RT_HISTORICAL_VOL, figures.volatility(instrument, quote.last)


def misc(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """Ranges of weeks, today included, and the average volume."""
    days = figures.past_days(instrument, 7 * 52)
    for weeks, low, high in WEEKS:
        part = days[: 7 * weeks]
        yield low, min(quote.low, *(day.low for day in part))
        yield high, max(quote.high, *(day.high for day in part))
    if volume := figures.average_volume(instrument):
        yield T.AVG_VOLUME, volume


def last_liquid_trade(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    is_set = figures.hub.market.is_set(instrument)
    yield T.LAST_RTH_TRADE, quote.last if is_set else figures.last_liquid_trade(instrument)


def trade_count(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    yield T.TRADE_COUNT, Decimal(figures.trade_count(instrument))


def trade_rate(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    yield T.TRADE_RATE, Decimal(figures.trades_in(instrument, 1)[0])


def volume_rate(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    yield T.VOLUME_RATE, figures.trades_in(instrument, 1)[1]


def short_term_volume(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    for minutes, tick_type in SHORT_TERMS:
        yield tick_type, figures.trades_in(instrument, minutes)[1]


# --- facts ---


def _is_company(instrument: Instrument) -> bool:
    return instrument.stock_type != "ETF"


def auction(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """The auction that would be, were it now: redrawn every minute."""
    bits = figures.draw(instrument, "auction", figures.hub.now_ms // MINUTE_MS)
    volume = Decimal(10_000 + bits % 90_000)
    imbalance = Decimal((bits >> 20) % 10_000)
    yield T.AUCTION_VOLUME, volume
    yield T.AUCTION_PRICE, quote.last
    yield T.AUCTION_IMBALANCE, imbalance
    yield T.REGULATORY_IMBALANCE, imbalance // 2


def shortable(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    bits = figures.draw(instrument, "shortable", figures.today().date())
    is_hard = figures.draw(instrument, "borrow") % 16 == 0
    yield T.SHORTABLE, HARD_TO_BORROW if is_hard else EASY_TO_BORROW
    yield T.SHORTABLE_SHARES, Decimal(bits % 1_000 if is_hard else 1_000_000 + bits % 40_000_000)


def _dividend_yield(figures: Figures, instrument: Instrument) -> Decimal:
    """A year's, of the usual price; one company in four pays none."""
    bits = figures.draw(instrument, "dividend")
    return Decimal(0) if bits % 4 == 0 else Decimal(40 + (bits >> 8) % 260) / 10_000


def dividends(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """`past 12 months,next 12 months,next date,next amount`; empty fields where none is paid."""
    del quote
    quarterly = (instrument.path.anchor * _dividend_yield(figures, instrument) / 4).quantize(CENT)
    if not quarterly:
        yield T.IB_DIVIDENDS, ",,,"
        return
    today = figures.today().date()
    month = today.month + (1 - today.month) % 3 + 1  # February, May, August, November
    year, month = today.year + (month - 1) // 12, (month - 1) % 12 + 1
    yield (
        T.IB_DIVIDENDS,
        f"{quarterly * 4},{quarterly * 4},{year}{month:02}15,{quarterly}",
    )


def fundamentals(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """Ratios by the vendor's tags; what a company does not have is -99999.99."""
    if not _is_company(instrument):
        return
    days = figures.past_days(instrument, 7 * 52)
    bits = figures.draw(instrument, "fundamentals")
    company = Company(figures.hub.settings.seed, instrument, figures.today().date())
    earnings = company.yearly_earnings()
    dividend = instrument.path.anchor * _dividend_yield(figures, instrument)
    ratios: dict[str, object] = {
        "NPRICE": quote.last,
        "NHIG": max(quote.high, *(day.high for day in days)),
        "NLOW": min(quote.low, *(day.low for day in days)),
        "VOL10DAVG": sum(day.volume for day in days[:10]) / 10 / 1_000_000,
        "TTMEPSXCLX": earnings,
        "PEEXCLXOR": (quote.last / earnings).quantize(CENT),
        "TTMDIVSHR": dividend.quantize(CENT) if dividend else NO_RATIO,
        "YIELD": (dividend / quote.last * 100).quantize(CENT) if dividend else NO_RATIO,
        "BETA": Decimal(60 + (bits >> 32) % 120) / 100,
        "MKTCAP": (quote.last * company.shares / MILLION).quantize(CENT),
        "CURRENCY": instrument.currency,
    }
    yield T.FUNDAMENTAL_RATIOS, "".join(f"{tag}={value};" for tag, value in ratios.items())


def bond_factor(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del figures, instrument, quote
    yield T.BOND_FACTOR_MULTIPLIER, Decimal(1)


def yields(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """Yields to maturity in percent of bid, ask and last price, by the usual approximation."""
    bond = instrument.bond
    if bond is None:
        return
    maturity = datetime.strptime(bond.maturity, "%Y%m%d").replace(tzinfo=UTC)
    years = max((maturity - figures.today()).days / 365, 1 / 365)
    prices = quote.bid, quote.ask, quote.last
    for tick_type, price in zip((T.BID_YIELD, T.ASK_YIELD, T.LAST_YIELD), prices, strict=True):
        if price is not None:
            gain = float(bond.coupon) + (100 - float(price)) / years
            yield tick_type, Decimal(gain / (100 + float(price)) * 200).quantize(FINE)


def futures_interest(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    del quote
    bits = figures.draw(instrument, "open interest", figures.today().date())
    yield T.FUTURES_OPEN_INTEREST, Decimal(100_000 + bits % 2_000_000)


def future_premium(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """Points by which the front future is above the index."""
    front = figures.hub.database.front_future(instrument.con_id)
    if front is not None:
        future = figures.hub.market.quote(front, figures.hub.now_ms)
        yield T.INDEX_FUTURE_PREMIUM, future.mark - quote.mark


def asset_value(tick_type: T, price: Callable[[Quote], Decimal]) -> Callable[..., Told]:
    """What an ETF holds is worth just what it costs."""

    def tell(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
        del figures
        if not _is_company(instrument):
            yield tick_type, price(quote)

    return tell


def asset_range(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    yield from asset_value(T.ETF_NAV_HIGH, lambda q: q.high)(figures, instrument, quote)
    yield from asset_value(T.ETF_NAV_LOW, lambda q: q.low)(figures, instrument, quote)


def nothing(figures: Figures, instrument: Instrument, quote: Quote) -> Told:
    """An id that brings no tick type the libraries know, or whose ticks come another way."""
    del figures, instrument, quote
    return ()
