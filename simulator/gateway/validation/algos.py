"""Algorithms of the vendor: whether there is one of that name, and what it is told.

The table of algorithms is `simulator.algos`. Captured: 439 for one that is unknown, or is
not for the product; 443 for an unknown attribute. Documented: 440 to 442. Ours: 441 says
which attribute has which value; algorithms work market and limit orders.
"""

from __future__ import annotations

from simulator.algos import ALGOS, Algo
from simulator.gateway.validation.candidate import Candidate, Refusal, refuse

WORKED = frozenset({"MKT", "LMT"})
WORKED_TYPES = frozenset({"STK", "OPT", "FOP", "WAR", "FUT", "CFD", "CASH"})
SHOWN = 40
"""How much of a text of the client's an error repeats."""


def algo(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    if not order.algo_strategy:
        return None
    algo = ALGOS.get(order.algo_strategy)
    if algo is None or not algo.is_for(candidate.sec_type):
        return refuse(439)
    if candidate.order_type not in WORKED or candidate.sec_type not in WORKED_TYPES:
        return refuse(442)
    return _attributes(algo, {pair.tag: pair.value for pair in order.algo_params})


def _attributes(algo: Algo, values: dict[str, str]) -> Refusal | None:
    told = set()
    for tag, value in values.items():
        parameter = algo.parameter(tag)
        if parameter is None:
            return refuse(443, attribute=tag[:SHOWN])
        if not parameter.accepts(value):
            return refuse(441, cause=f"{tag[:SHOWN]}={value[:SHOWN]}")
        told.add(parameter.name)
    missing = (p.name for p in algo.parameters if p.is_required and p.name not in told)
    return next((refuse(441, cause=f"{name} is missing") for name in missing), None)
