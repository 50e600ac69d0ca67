"""What may be changed of an order that is live, by sending it again with its id.

Documented: 329, 440, 10326, 10327, 10341. Seen: every change of type between limit and
market works. Ours: so does every change among types that work at a price or wait for one;
types whose price the exchange or a model makes stay what they are. An inactive order may be
sent again with whatever terms. The group that an attached order was given is not one that
its client has to name (captured: it is shown, and clients send what they sent before).
"""

from __future__ import annotations

from simulator.broker import BrokerOrder
from simulator.gateway.validation.candidate import Candidate, Refusal, first, refuse
from simulator.order_types import SYNONYMS

REVISABLE = frozenset(
    {
        *("MKT", "LMT", "MTL", "MOC", "LOC", "MIDPRICE", "REL", "PEG PRIM"),
        *("STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"),
    }
)
"""Order types that may become each other."""


def revision(candidate: Candidate) -> Refusal | None:
    held = candidate.held
    if held is None or held.status == "Inactive":
        return None
    order, before = candidate.order, held.order
    types = {candidate.order_type, SYNONYMS.get(before.order_type, before.order_type)}
    is_same_group = order.oca_group == before.oca_group
    return first(
        (len(types) > 1 and not types <= REVISABLE, refuse(329)),
        (order.algo_strategy != before.algo_strategy, refuse(440)),
        (order.parent_id != before.parent_id, refuse(10341)),
        (order.oca_group not in _names(held), refuse(10326)),
        (
            is_same_group and order.oca_group and (order.oca_type or 3) != (before.oca_type or 3),
            refuse(10327),
        ),
        (order.hedge_type != before.hedge_type, refuse(105)),
    )


def _names(held: BrokerOrder) -> set[str]:
    """What the group of an order is called: one attached, by its parent or not at all."""
    named = held.order.oca_group
    given = {"", str(held.parent_perm_id)} if held.parent_perm_id else set()
    return {named} | (given if named in given else set())
