"""The algorithms an order may name, with their parameters: a table and how to read it.

Knows no order. Which parameters there are, and their ranges: the vendor's documentation of
the API and of TWS. As captured: what the table has not is refused (439 an algorithm, 443 a
parameter), among it the documented `strategyType` of Twap; the two for options only are not
found for a stock; AD takes `startTime` and is shown with `activeTimeStart`.

Ours: names of parameters are told apart whatever their case, since documents and samples
of the vendor differ in it; none is asked for but those without which there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import MappingProxyType

from simulator.moments import is_moment

OPTIONS = frozenset({"OPT", "FOP", "WAR"})


class Kind(Enum):
    """What the value of a parameter is."""

    CHOICE = "choice"
    FLAG = "flag"
    COUNT = "count"
    NUMBER = "number"
    TIME = "time"


class Pace(Enum):
    """How an order is worked: whole, as time goes by, as others trade, or in given parts."""

    AT_ONCE = "at once"
    EVENLY = "evenly"
    BY_VOLUME = "by volume"
    BY_VOLUME_AND_TIME = "by volume, at a share that time moves"
    BY_COMPONENT = "by component"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. An empty value is none; `spellings` are other names of the same."""

    name: str
    kind: Kind
    choices: frozenset[str] = frozenset()
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(10**9)
    is_required: bool = False
    spellings: frozenset[str] = frozenset()

    def accepts(self, value: str) -> bool:
        """Whether a value has the form and range of the parameter."""
        if not value:
            return not self.is_required
        match self.kind:
            case Kind.CHOICE:
                return value in self.choices
            case Kind.FLAG:
                return value.lower() in {"0", "1", "false", "true"}
            case Kind.TIME:
                return is_moment(plain_time(value))
        number = as_number(value)
        if number is None or not self.least <= number <= self.most:
            return False
        return self.kind is Kind.NUMBER or number == number.to_integral_value()


@dataclass(frozen=True, slots=True, kw_only=True)
class Algo:
    """An algorithm. `sec_types`: what it may be used for, anything if empty."""

    pace: Pace
    parameters: tuple[Parameter, ...]
    sec_types: frozenset[str] = frozenset()

    def parameter(self, tag: str) -> Parameter | None:
        """The parameter of a name, however it is spelled."""
        name = tag.lower()
        for parameter in self.parameters:
            if name in {s.lower() for s in (parameter.name, *parameter.spellings)}:
                return parameter
        return None

    def values(self, given: Iterable[tuple[str, str]]) -> dict[str, str]:
        """What is given, by the names of the table; empty values and unknown names are not."""
        found = ((self.parameter(tag), value) for tag, value in given)
        return {parameter.name: value for parameter, value in found if parameter and value}

    def is_for(self, sec_type: str) -> bool:
        return not self.sec_types or sec_type in self.sec_types


def as_number(value: str) -> Decimal | None:
    """The number a text tells."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def is_set(value: str) -> bool:
    """Whether a flag is set."""
    return value.lower() in {"1", "true"}


def plain_time(value: str) -> str:
    """`20161010-12:00:00 GMT`, a form of algorithms only, as other times are told."""
    return value.replace("-", " ", 1) if value[8:9] == "-" and " " in value else value


def _share(name: str, *, is_required: bool = False) -> Parameter:
    """Part of the volume traded, from 1 to 50 percent."""
    return Parameter(
        name=name,
        kind=Kind.NUMBER,
        least=Decimal("0.01"),
        most=Decimal("0.5"),
        is_required=is_required,
    )


def _flag(name: str) -> Parameter:
    return Parameter(name=name, kind=Kind.FLAG)


_MAX_SHARE = _share("maxPctVol")
_START = Parameter(name="startTime", kind=Kind.TIME)
_END = Parameter(name="endTime", kind=Kind.TIME)
_PAST_END = _flag("allowPastEndTime")
_COMPLETION = _flag("forceCompletion")
_MAKER = _flag("noTakeLiq")
_MONEY = Parameter(name="monetaryValue", kind=Kind.NUMBER)
_RISK = Parameter(
    name="riskAversion",
    kind=Kind.CHOICE,
    choices=frozenset({"Get Done", "Aggressive", "Neutral", "Passive"}),
)
_PRIORITY = Parameter(
    name="adaptivePriority",
    kind=Kind.CHOICE,
    choices=frozenset({"Urgent", "Normal", "Patient"}),
)
_ENDS = (_share("startPctVol", is_required=True), _share("endPctVol", is_required=True))
_COMPONENTS = (
    Parameter(name="componentSize", kind=Kind.COUNT, least=Decimal(1), is_required=True),
    Parameter(name="timeBetweenOrders", kind=Kind.COUNT, least=Decimal(1), is_required=True),
    _flag("randomizeTime20"),
    _flag("randomizeSize55"),
    Parameter(name="giveUp", kind=Kind.COUNT),
    _flag("catchUp"),
    _flag("waitForFill"),
    Parameter(name="startTime", kind=Kind.TIME, spellings=frozenset({"activeTimeStart"})),
    Parameter(name="endTime", kind=Kind.TIME, spellings=frozenset({"activeTimeEnd"})),
)
_DISPLAY = Parameter(name="displaySize", kind=Kind.COUNT)
_BY_PRICE = (_share("deltaPctVol"), _share("minPctVol4Px"), _share("maxPctVol4Px"))

_WINDOW = (_START, _END)
_TABLE: tuple[tuple[str, Pace, tuple[Parameter, ...]], ...] = (
    ("Adaptive", Pace.AT_ONCE, (_PRIORITY,)),
    ("Twap", Pace.EVENLY, (*_WINDOW, _PAST_END, _MONEY)),
    (
        "Vwap",
        Pace.EVENLY,
        (_MAX_SHARE, *_WINDOW, _PAST_END, _MAKER, _flag("speedUp"), _MONEY),
    ),
    (
        "ArrivalPx",
        Pace.EVENLY,
        (_MAX_SHARE, _RISK, *_WINDOW, _COMPLETION, _PAST_END, _MONEY),
    ),
    ("ClosePx", Pace.EVENLY, (_MAX_SHARE, _RISK, _START, _COMPLETION, _MONEY)),
    ("DarkIce", Pace.EVENLY, (_DISPLAY, *_WINDOW, _PAST_END, _MONEY)),
    ("AD", Pace.BY_COMPONENT, _COMPONENTS),
    (
        "PctVol",
        Pace.BY_VOLUME,
        (_share("pctVol", is_required=True), *_WINDOW, _MAKER, _MONEY),
    ),
    (
        "PctVolPx",
        Pace.BY_VOLUME,
        (_share("pctVol", is_required=True), *_BY_PRICE, *_WINDOW, _MAKER, _MONEY),
    ),
    ("PctVolSz", Pace.BY_VOLUME, (*_ENDS, *_WINDOW, _MAKER, _MONEY)),
    ("PctVolTm", Pace.BY_VOLUME_AND_TIME, (*_ENDS, *_WINDOW, _MAKER, _MONEY)),
    ("BalanceImpactRisk", Pace.EVENLY, (_MAX_SHARE, _RISK, _COMPLETION)),
    ("MinImpact", Pace.EVENLY, (_MAX_SHARE,)),
)
_FOR = {"BalanceImpactRisk": OPTIONS, "MinImpact": OPTIONS}

ALGOS: Mapping[str, Algo] = MappingProxyType(
    {
        name: Algo(pace=pace, parameters=parameters, sec_types=_FOR.get(name, frozenset()))
        for name, pace, parameters in _TABLE
    }
)
"""The algorithms by the name that `algoStrategy` has, whose case matters."""
