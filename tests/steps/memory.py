"""What a scenario remembers from step to step, and how steps wait and try."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from ibkr import IBKRError, OrderResult


@dataclass
class Memory:
    orders: list[OrderResult] = field(default_factory=list)
    error: IBKRError | None = None
    events: Any = None
    told: list[Any] = field(default_factory=list)
    quotes: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def memory() -> Memory:
    return Memory()


async def eventually(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds; the runner bounds the wait."""
    while not holds():
        await asyncio.sleep(0)


def attempt(run, memory: Memory, work) -> Any:
    """Do something that may be refused, and remember the refusal."""
    memory.error = None
    try:
        return run(work)
    except IBKRError as error:
        memory.error = error
    return None


def price_of(text: str) -> Decimal | None:
    return None if text == "no" else Decimal(text)
