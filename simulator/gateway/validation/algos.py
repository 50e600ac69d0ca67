"""Algorithms of the vendor: which there are, what each is told, and with what values.

Captured: 439 for an unknown algorithm, 443 for an unknown attribute (of Twap: `strategyType`,
which its documentation has), 10255 for a display size. Names and attributes: the vendor's
documentation. Ours: 441 says which attribute has which value; algorithms work market and
limit orders of stocks, options, futures, CFDs and currencies (442).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from simulator.gateway.moments import is_moment
from simulator.gateway.validation.candidate import Candidate, Refusal, first, refuse
from simulator.records import TagValue

Form = Callable[[str], bool]


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_share(text: str) -> bool:
    number = _number(text)
    return number is not None and 0 < number <= 1


def _is_change(text: str) -> bool:
    number = _number(text)
    return number is not None and -1 <= number <= 1


def _is_amount(text: str) -> bool:
    number = _number(text)
    return number is not None and 0 <= number < 10**12


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 10


def _is_flag(text: str) -> bool:
    return text in {"0", "1", "true", "false", "True", "False"}


def _is_time(text: str) -> bool:
    return not text or is_moment(text)


def _one_of(*choices: str) -> Form:
    return lambda text: text in choices


_RISK = _one_of("Get Done", "Aggressive", "Neutral", "Passive")
_WINDOW: dict[str, Form] = {"startTime": _is_time, "endTime": _is_time}
_END = _WINDOW | {"allowPastEndTime": _is_flag}
_MONEY: dict[str, Form] = {"monetaryValue": _is_amount}
_VOLUME = _WINDOW | {"noTakeLiq": _is_flag}

ALGOS: dict[str, dict[str, Form]] = {
    "Adaptive": {"adaptivePriority": _one_of("Critical", "Urgent", "Normal", "Patient")},
    "ArrivalPx": _END
    | _MONEY
    | {"maxPctVol": _is_share, "riskAversion": _RISK, "forceCompletion": _is_flag},
    "DarkIce": _END | _MONEY | {"displaySize": _is_count},
    "PctVol": _VOLUME | _MONEY | {"pctVol": _is_share},
    "Twap": _END | _MONEY | {"catchUp": _is_flag},
    "Vwap": _END | _MONEY | {"maxPctVol": _is_share, "noTakeLiq": _is_flag, "speedUp": _is_flag},
    "AD": {
        "componentSize": _is_count,
        "timeBetweenOrders": _is_count,
        "randomizeTime20": _is_flag,
        "randomizeSize55": _is_flag,
        "giveUp": _is_count,
        "catchUp": _is_flag,
        "waitForFill": _is_flag,
        "startTime": _is_time,
        "endTime": _is_time,
        "activeTimeStart": _is_time,
        "activeTimeEnd": _is_time,
    },
    "BalanceImpactRisk": {
        "maxPctVol": _is_share,
        "riskAversion": _RISK,
        "forceCompletion": _is_flag,
    },
    "MinImpact": {"maxPctVol": _is_share},
    "ClosePx": _MONEY
    | {
        "maxPctVol": _is_share,
        "riskAversion": _RISK,
        "startTime": _is_time,
        "forceCompletion": _is_flag,
    },
    "PctVolPx": _VOLUME
    | {
        "pctVol": _is_share,
        "deltaPctVol": _is_change,
        "minPctVol4Px": _is_share,
        "maxPctVol4Px": _is_share,
    },
    "PctVolSz": _VOLUME | {"startPctVol": _is_share, "endPctVol": _is_share},
    "PctVolTm": _VOLUME | {"startPctVol": _is_share, "endPctVol": _is_share},
}
"""Algorithm → its attributes, each with the test of its values."""

WORKED = frozenset({"MKT", "LMT"})
WORKED_TYPES = frozenset({"STK", "OPT", "FUT", "CFD", "CASH"})


def algo(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    if not order.algo_strategy:
        return None
    attributes = ALGOS.get(order.algo_strategy)
    if attributes is None:
        return refuse(439)
    is_worked = order.order_type in WORKED and candidate.sec_type in WORKED_TYPES
    if not is_worked:
        return refuse(442)
    found = (_attribute(attributes, pair) for pair in order.algo_params)
    return next((refused for refused in found if refused is not None), None)


def _attribute(attributes: dict[str, Form], pair: TagValue) -> Refusal | None:
    return first(
        (pair.tag not in attributes, refuse(443, attribute=pair.tag[:40])),
        (
            not attributes.get(pair.tag, bool)(pair.value),
            refuse(441, cause=f"{pair.tag[:40]}={pair.value[:40]}"),
        ),
    )
