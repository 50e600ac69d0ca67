"""Results of contract runs: what is merged, what diverges, and what is never called ok."""

import json

import pytest

from ibkr.contract.recording import Recording
from ibkr.contract.results import Results, merged


def result(name="Buying", tier="mock", outcome="passed", **more):
    facts = {"feature": "Orders", "file": "orders.feature", "line": 3, "name": name, "tier": tier}
    identity = f"{name}[{tier}]{more.get('examples', '')}"
    return facts | {"id": identity, "outcome": outcome, "duration_s": 0.5} | more


def recorded(*results, library="ib_insync", status=0, collected=None, end=True, problems=()):
    time = "2026-01-02T10:00:0{}+00:00"
    ids = [one["id"] for one in results] if collected is None else collected
    events = [
        {"event": "start", "time": time.format(0), "library": library, "library_version": "1"},
        {"event": "collected", "ids": ids},
        *({"event": "result"} | one for one in results),
        *({"event": "problem", "text": text} for text in problems),
    ]
    if end:
        events.append({"event": "finish", "time": time.format(4), "exit_status": status})
    recording = Recording()
    for event in events:
        recording.feed(json.dumps(event) + "\n")
    return recording.results()


def test_a_run_whose_scenarios_all_pass_is_ok():
    results = recorded(result(), result(tier="simulator"))
    assert results.ok
    assert results.totals == {"failed": 0, "skipped": 0, "passed": 2}
    assert results.coverage == {"Orders": {"mock": 1, "simulator": 1}}
    assert results.runs[0].duration_s == 4
    assert len(results.scenarios) == 1


@pytest.mark.parametrize(
    ("results", "problem"),
    [
        (recorded(), "ib_insync 1: no scenario has run"),
        (
            recorded(result(), collected=["Buying[mock]", "another"]),
            "ib_insync 1: 1 of 2 scenarios have no result",
        ),
        (
            recorded(result(), collected=["Buying[mock]", "another"], end=False),
            "ib_insync 1: the run was interrupted; 1 of 2 scenarios have no result",
        ),
        (recorded(result(), status=2), "ib_insync 1: pytest ended with status 2"),
        (
            recorded(result(), status=1, problems=["x cannot be collected"]),
            "ib_insync 1: x cannot be collected",
        ),
        (merged([]), "no scenario has run"),
    ],
)
def test_results_that_prove_nothing_are_not_ok_and_say_why(results, problem):
    assert not results.ok
    assert problem in results.problems


def test_a_failure_is_not_ok_without_any_problem():
    results = recorded(result(outcome="failed"), status=1)
    assert (results.ok, results.problems) == (False, ())


def test_a_line_that_makes_no_sense_is_a_problem():
    for line in ("{", "[]", '{"event": "result"}', '{"event": "party"}', "\n"):
        recording = Recording()
        recording.feed(line)
        assert len(recording.problems) == 1
        assert not recording.results().ok


def test_a_process_that_died_in_a_scenario_leaves_a_failure_under_its_id():
    died = {
        "id": "tests/x.py::test_y[mock]",
        "outcome": "failed",
        "duration_s": 0.0,
        "failures": [{"phase": "???", "message": "worker crashed", "detail": ""}],
    }
    results = recorded(died, status=1)
    assert results.scenarios[0].name == "tests/x.py::test_y[mock]"
    assert results.totals["failed"] == 1


def test_runs_of_two_libraries_are_joined_scenario_by_scenario_in_the_order_of_the_text():
    one = recorded(result("Selling", line=9), result("Buying"), result("Buying", tier="live"))
    two = recorded(result("Buying"), result("Waiting", line=1), library="ib_async")
    both = merged([one, two])
    assert [scenario.name for scenario in both.scenarios] == ["Waiting", "Buying", "Selling"]
    places = [(seen.tier, seen.run) for seen in both.scenarios[1].results]
    assert places == [("mock", 0), ("mock", 1), ("live", 0)]
    assert [both.place_name(*place) for place in both.places] == [
        "mock / ib_insync 1",
        "mock / ib_async 1",
        "live / ib_insync 1",
    ]


def test_examples_of_an_outline_are_scenarios_of_their_own():
    results = recorded(*(result(examples={"side": side}) for side in ("buy", "sell")))
    assert [scenario.examples for scenario in results.scenarios] == [
        {"side": "buy"},
        {"side": "sell"},
    ]


def test_different_outcomes_of_one_scenario_diverge():
    results = recorded(result(), result(tier="simulator", outcome="failed"), status=1)
    (found,) = results.divergences
    assert found.what == "outcome"
    assert found.answers == {"mock / ib_insync 1": "passed", "simulator / ib_insync 1": "failed"}


def test_different_observations_of_one_scenario_diverge_but_not_what_belongs_to_the_place():
    def seen(tier, orders, version):
        moment = {"server_version": version, "ib_last_quote_timestamp_seconds": f"17{version}"}
        return result(tier=tier, observations={"orders": orders} | moment)

    results = recorded(seen("mock", "1.0", "0"), seen("simulator", "2.0", "178"))
    (found,) = results.divergences
    assert (found.what, list(found.answers.values())) == ("orders", ["1.0", "2.0"])
    assert results.runs[0].server_versions == ("0", "178")
    assert results.ok


def test_a_skipped_scenario_diverges_from_none_and_is_counted():
    results = recorded(result(), result(tier="simulator", outcome="skipped", reason="no market"))
    assert results.divergences == ()
    assert results.totals["skipped"] == 1


def test_account_ids_are_masked_wherever_text_is_kept():
    hostile = "account DU1234567 and U7654321"
    frame = {"name": "ManagedAccounts", "fields": hostile}
    step = {"keyword": "Given", "text": hostile, "line": 1, "outcome": "failed", "duration_s": 0}
    failure = {"phase": "call", "message": hostile, "detail": hostile}
    broken = result(
        name=hostile,
        outcome="failed",
        failures=[failure],
        transcript=[frame],
        steps=[step],
        reason=hostile,
        examples={"account": hostile},
        observations={"account": hostile},
    )
    text = recorded(broken, status=1, problems=[hostile]).model_dump_json()
    assert "DU1234567" not in text
    assert "U7654321" not in text
    assert text.count("DU***67") == 10  # the problem stands with its run and with the whole


def test_results_survive_the_file():
    results = recorded(result(outcome="failed", transcript=[{"name": "PlaceOrder"}]), status=1)
    assert Results.model_validate_json(results.model_dump_json()) == results


def test_a_file_of_another_schema_is_refused():
    other = json.loads(recorded(result()).model_dump_json()) | {"schema_version": 2}
    with pytest.raises(ValueError, match="schema_version"):
        Results.model_validate(other)
