"""Which orders are worked in parts, and how: scale orders and algorithms. Pure.

Made from an order and the moment from which it is worked; how a plan goes is known in
`slices.py`. Assumptions, ours where no source is named:

- By time: Twap, Vwap, ArrivalPx, ClosePx, MinImpact, BalanceImpactRisk, and DarkIce unless
  it has a display size, which is then worked one after the other. By volume: PctVol, PctVolPx
  (whose share stays), PctVolSz (as it is filled), PctVolTm (as time goes by). By component:
  AD. Adaptive is worked whole.
- A window is cut to the session, and one told for a day on which nothing trades is that of
  the next session. If nothing is left of it, "End Time is before Start Time" (captured, with
  windows at night). At its end what is left is cancelled, unless the order may go on (TWS
  guide, "VWAP"); the session is of regular hours unless the order is for all.
- Scale: each component has its own limit, an increment below the last for a purchase and
  above for a sale (TWS guide). The limit of the first moves by the adjustment after each
  interval; the position it starts with counts as filled.
- Whole orders are worked in whole parts, others in multiples of the size increment.
- Not modelled: random sizes and times, restoring a component after its profit, shares that
  may not be exceeded, risk aversion, giving up, catching up, not taking liquidity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.algos import ALGOS, Pace, as_number, is_set, plain_time
from simulator.broker.slices import (
    ComponentPlan,
    EvenPlan,
    LevelPlan,
    Plan,
    VolumePlan,
    Window,
)
from simulator.instruments import Instrument
from simulator.market import Sessions
from simulator.matching import Side
from simulator.moments import MomentError, local, read
from simulator.records import ZERO, Order

DAY_MS = 86_400_000
TOO_LATE = "End Time is before Start Time"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an order that was accepted cannot be worked: it is cancelled with this reason."""

    reason: str


def plan_of(
    order: Order, instrument: Instrument, sessions: Sessions, from_ms: int, zone: str
) -> Plan | Objection | None:
    """How an order that is worked from a moment on is split; None: not at all.

    `zone` is that of times which name none.
    """
    quantity = order.total_quantity
    if not quantity:
        return None
    algo = ALGOS.get(order.algo_strategy)
    if algo is None:
        return _scale(order, quantity, from_ms)
    if algo.pace is Pace.AT_ONCE:
        return None
    given = algo.values((parameter.tag, parameter.value) for parameter in order.algo_params)
    window = _window(given, instrument, sessions, from_ms, zone=zone, use_rth=not order.outside_rth)
    if window.length_ms <= 0:
        return Objection(f"{order.algo_strategy}: {TOO_LATE}")
    step = Decimal(1) if quantity % 1 == 0 else instrument.size_increment
    return _algo(algo.pace, given, quantity, step, window)


def profit_order(order: Order, quantity: Decimal, price: Decimal) -> Order | None:
    """What takes the profit of a fill of a scale order, if it asks for that."""
    if not order.scale_profit_offset or not order.scale_price_increment:
        return None
    side = Side(order.action)
    return replace(
        order,
        action=side.other.value,
        order_type="LMT",
        total_quantity=quantity,
        limit_price=price + side.sign * order.scale_profit_offset,
        parent_id=0,
        oca_group="",
        conditions=(),
        discretionary_amount=ZERO,
        good_after_time="",
        scale_init_level_size=None,
        scale_subs_level_size=None,
        scale_price_increment=None,
        scale_price_adjust_value=None,
        scale_price_adjust_interval=None,
        scale_profit_offset=None,
        scale_init_position=None,
        scale_init_fill_quantity=None,
    )


def _scale(order: Order, quantity: Decimal, from_ms: int) -> Plan | None:
    first = order.scale_init_level_size or order.scale_subs_level_size
    if not order.scale_price_increment or not first:
        return None
    drift, seconds = order.scale_price_adjust_value, order.scale_price_adjust_interval
    if not drift or not seconds:
        drift, seconds = ZERO, 0
    return LevelPlan(
        quantity=quantity,
        ends_ms=None,
        start_ms=from_ms,
        first=Decimal(first),
        following=Decimal(order.scale_subs_level_size or first),
        limit=order.limit_price,
        away=-Side(order.action).sign * order.scale_price_increment,
        drift=drift,
        interval_ms=seconds * 1000,
        position=Decimal(order.scale_init_position or 0),
    )


def _algo(
    pace: Pace, given: dict[str, str], quantity: Decimal, step: Decimal, window: Window
) -> Plan:
    ends_ms = None if window.may_be_passed else window.end_ms
    if pace is Pace.BY_COMPONENT:
        return ComponentPlan(
            quantity=quantity,
            ends_ms=ends_ms,
            window=window,
            component=_number(given, "componentSize", quantity),
            interval_ms=int(_number(given, "timeBetweenOrders", Decimal(1)) * 1000),
            waits_for_fill=is_set(given.get("waitForFill", "")),
        )
    if pace in {Pace.BY_VOLUME, Pace.BY_VOLUME_AND_TIME}:
        share = _number(given, "pctVol", ZERO)
        return VolumePlan(
            quantity=quantity,
            ends_ms=ends_ms,
            window=window,
            step=step,
            share=_number(given, "startPctVol", share),
            last_share=_number(given, "endPctVol", share),
            is_by_time=pace is Pace.BY_VOLUME_AND_TIME,
        )
    if "displaySize" in given:
        size = _number(given, "displaySize", quantity)
        return LevelPlan(
            quantity=quantity,
            ends_ms=ends_ms,
            start_ms=window.start_ms,
            first=size,
            following=size,
        )
    return EvenPlan(quantity=quantity, ends_ms=ends_ms, window=window, step=step)


def _number(given: dict[str, str], name: str, default: Decimal) -> Decimal:
    number = as_number(given[name]) if name in given else None
    return number or default


def _window(
    given: dict[str, str],
    instrument: Instrument,
    sessions: Sessions,
    from_ms: int,
    *,
    zone: str,
    use_rth: bool,
) -> Window:
    """The window asked for, in the session it is for; its end may be before its start."""
    start_ms, end_ms = (_read_ms(given.get(n, ""), from_ms, zone) for n in ("startTime", "endTime"))
    wanted_ms = max(start_ms or from_ms, from_ms)
    session = sessions.at(instrument, wanted_ms, use_rth=use_rth)
    later_ms = 0
    if session is None:
        session = sessions.next(instrument, wanted_ms, use_rth=use_rth)
        begins, wanted = (local(ms, instrument.time_zone) for ms in (session.start_ms, wanted_ms))
        later_ms = (begins.date() - wanted.date()).days * DAY_MS
    first_ms = max(session.start_ms, from_ms)
    last_ms = session.end_ms
    return Window(
        start_ms=first_ms if start_ms is None else max(first_ms, start_ms + later_ms),
        end_ms=last_ms if end_ms is None else min(last_ms, end_ms + later_ms),
        may_be_passed=end_ms is not None and is_set(given.get("allowPastEndTime", "")),
    )


def _read_ms(text: str, now_ms: int, zone: str) -> int | None:
    try:
        return read(plain_time(text), now_ms, zone).ms
    except MomentError:
        return None
