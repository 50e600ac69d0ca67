"""The benchmarks run and compare what they say they compare. Their figures are not judged."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


@pytest.mark.libraries("ib_insync")
@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("order_round_trip", []),
        ("tick_delivery", []),
        ("start_up", []),
        ("start_up", ["--in-process"]),
        ("memory", []),
        ("matching_engine", []),
        ("matching_engine", ["--growth"]),
        ("broker_orders", []),
        ("broker_orders", ["--growth"]),
        ("socket_orders", []),
        ("socket_orders", ["--ib-insync"]),
        ("journal_orders", []),
    ],
)
def test_prints_a_ratio_of_two_series(library, name, flags):
    assert library.name == "ib_insync"
    run = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{name}.py", "--quick", "--json", *flags],
        capture_output=True,
        check=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    result = json.loads(run.stdout)
    measured, base = result["medians"].values()
    assert result["ratio"] == pytest.approx(measured / base, rel=0.01)  # both are rounded
    assert math.isfinite(result["ratio"])
    assert result["ratio"] > 0
    first, second = result["samples"].values()
    assert first == second > 0
    assert run.stderr == ""
