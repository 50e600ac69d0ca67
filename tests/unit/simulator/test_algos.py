"""The table of algorithms. Which bug turns these red: a parameter a gateway would refuse."""

import pytest

from simulator.algos import ALGOS, Kind, Pace, plain_time


@pytest.mark.parametrize(
    ("strategy", "tag", "value", "is_fine"),
    [
        ("Vwap", "maxPctVol", "0.1", True),
        ("Vwap", "maxPctVol", "0.51", False),
        ("Vwap", "maxPctVol", "0", False),
        ("Vwap", "maxPctVol", "nan", False),
        ("Vwap", "maxPctVol", "ten", False),
        ("Vwap", "maxPctVol", "", True),
        ("PctVol", "pctVol", "", False),
        ("Vwap", "startTime", "09:30:00 US/Eastern", True),
        ("Vwap", "startTime", "20260711-05:25:25", True),
        ("Vwap", "startTime", "20260711-05:25:25 GMT", True),
        ("Vwap", "startTime", "25:00:00", False),
        ("Vwap", "noTakeLiq", "1", True),
        ("Vwap", "noTakeLiq", "true", True),
        ("Vwap", "noTakeLiq", "yes", False),
        ("ArrivalPx", "riskAversion", "Get Done", True),
        ("ArrivalPx", "riskAversion", "Reckless", False),
        ("AD", "componentSize", "10", True),
        ("AD", "componentSize", "1.5", False),
        ("AD", "componentSize", "0", False),
    ],
)
def test_a_parameter_takes_what_is_in_its_range(strategy, tag, value, is_fine) -> None:
    assert ALGOS[strategy].parameter(tag).accepts(value) is is_fine


def test_a_parameter_is_known_in_every_spelling_the_vendor_uses() -> None:
    start = ALGOS["AD"].parameter("startTime")
    assert start is not None
    assert ALGOS["AD"].parameter("activeTimeStart") is start
    assert ALGOS["AD"].parameter("ComponentSize") is ALGOS["AD"].parameter("componentSize")
    assert ALGOS["Vwap"].parameter("activeTimeStart") is None


def test_what_a_gateway_was_seen_to_refuse_is_not_in_the_table() -> None:
    assert ALGOS["Twap"].parameter("strategyType") is None
    assert not {"Inline", "JefAD", "vwap"} & set(ALGOS)
    for strategy in ("MinImpact", "BalanceImpactRisk"):
        assert ALGOS[strategy].is_for("OPT")
        assert not ALGOS[strategy].is_for("STK")
    assert ALGOS["Vwap"].is_for("STK")


def test_each_algorithm_has_what_its_pace_needs() -> None:
    for algo in ALGOS.values():
        required = {p.name for p in algo.parameters if p.is_required}
        if algo.pace in {Pace.BY_VOLUME, Pace.BY_VOLUME_AND_TIME}:
            assert required <= {"pctVol", "startPctVol", "endPctVol"}
            assert required
        if algo.pace is Pace.BY_COMPONENT:
            assert required == {"componentSize", "timeBetweenOrders"}
        assert all(bool(p.choices) == (p.kind is Kind.CHOICE) for p in algo.parameters)


def test_a_day_and_a_zone_may_be_joined_by_a_dash_in_algorithms_only() -> None:
    assert plain_time("20161010-12:00:00 GMT") == "20161010 12:00:00 GMT"
    assert plain_time("20161010-12:00:00") == "20161010-12:00:00"
    assert plain_time("12:00:00 Etc/GMT-1") == "12:00:00 Etc/GMT-1"


def test_values_are_told_by_the_names_of_the_table() -> None:
    given = [("ActiveTimeStart", "12:00:00"), ("GiveUp", ""), ("COMPONENTSIZE", "5"), ("foo", "1")]
    assert ALGOS["AD"].values(given) == {"startTime": "12:00:00", "componentSize": "5"}
