"""What the benchmarks share: a simulator in a process of its own, options and the report."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 30.0


def parse_options(
    description: str, *, samples: int, quick: int, flags: Sequence[str] = ()
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    parser.add_argument("--quick", action="store_true", help=f"{quick} samples, not {samples}")
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    options.samples = quick if options.quick else samples
    return options


@asynccontextmanager
async def process(*command: str) -> AsyncIterator[Any]:
    """A Python process that prints one JSON line once it is ready, and that line."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert started.stdout is not None
    try:
        line = await asyncio.wait_for(started.stdout.readline(), TIMEOUT_S)
        yield json.loads(line)
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


def simulator() -> Any:
    """A simulator on free ports whose clock moves only through its control plane."""
    return process("-m", "simulator", "serve", "--port=0", "--clock=manual", "--log-level=error")


def report(
    title: str, unit: str, series: Mapping[str, Sequence[float]], *, only_json: bool
) -> None:
    """The medians of the first series and the baseline, and the ratio of the two."""
    (name, measured), (base_name, base) = series.items()
    result = {
        "benchmark": title,
        "unit": unit,
        "ratio": float(f"{median(measured) / median(base):.3g}"),
        "medians": {key: round(median(values), 3) for key, values in series.items()},
        "samples": {key: len(values) for key, values in series.items()},
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    if not only_json:
        print(f"{title} [{unit}]")
        print(f"{'':32}{'median':>12}{'lowest':>12}{'highest':>12}{'samples':>9}")
        for key, values in series.items():
            low, high = min(values), max(values)
            print(f"{key:32}{median(values):12.3f}{low:12.3f}{high:12.3f}{len(values):9}")
        print(f"ratio {name} / {base_name}: {result['ratio']}")
    print(json.dumps(result))
