"""The README is run, not believed: every Python block in it works as it stands."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import Simulator

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
EXPECTED = (
    "Filled",
    "100.01 0 requests",
    "Submitted 3 filled; the next one: 201 ",
    "Submitted Cancelled",
    "Filled 100.02",
)
PATIENCE_S = 60


def test_every_block_is_expected() -> None:
    assert len(BLOCKS) == len(EXPECTED)


@pytest.mark.parametrize(("block", "expected"), list(zip(BLOCKS, EXPECTED, strict=False)))
async def test_a_block_runs_and_prints_what_it_should(block: str, expected: str) -> None:
    async with Simulator(seed=7) as simulator:
        code = block.replace("4002", str(simulator.port))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, errors.decode()
    assert expected in output.decode()
