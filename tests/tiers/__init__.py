"""Where contracts run. This room only names the tiers; each has a file of its own.

A tier is imported when it is chosen, so that nobody needs an engine, a gateway or a library
for what is not run.
"""

from pkgutil import resolve_name
from typing import Any

TIERS: dict[str, str] = {
    "mock": "tiers.mock:MockTier",
    "simulator": "tiers.simulator:SimulatorTier",
    "container": "tiers.container:ContainerTier",
    "live": "tiers.live:LiveTier",
}
DEFAULT = ("mock", "simulator")
"""What runs unless a tier is named: what needs nothing but this checkout."""


def tier_of(name: str) -> Any:
    """The class of a tier. Raises LookupError, in one sentence, for a name that is none."""
    if name not in TIERS:
        raise LookupError(f"--tier {name} is no tier; use one of {', '.join(TIERS)}")
    return resolve_name(TIERS[name])
