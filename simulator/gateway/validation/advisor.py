"""Orders that several accounts share. Groups: those that the advisor has told the gateway.

Documented: 344 for whoever is no advisor, 332 for a group without accounts, 333 for a
method that is none, 10012 for a percentage, 345 for combinations. Profiles were groups of
their own until version 177 and are looked up like them. A hedge for a group is not modelled.
"""

from __future__ import annotations

from simulator.algos import as_number
from simulator.broker.allocation import METHODS
from simulator.gateway.validation.candidate import Candidate, Refusal, first, refuse


def advisor(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    is_shared = order.fa_group or order.fa_profile
    is_allocated = is_shared or order.fa_method or order.fa_percentage
    if not is_allocated:
        return None
    groups = {order.fa_group, order.fa_profile} - {"", "All"}
    is_percent = as_number(order.fa_percentage) is not None
    return first(
        (len(candidate.accounts) < 2, refuse(344)),
        (is_shared and order.account, refuse(436)),
        (groups - candidate.advisor_groups, refuse(332)),
        (order.fa_method not in {"", *METHODS}, refuse(333)),
        (order.fa_percentage and not is_percent, refuse(10012)),
        (order.fa_method == "PctChange" and not is_percent, refuse(10014)),
        (is_shared and candidate.contract.sec_type == "BAG", refuse(345)),
        (is_shared and order.hedge_type, refuse(10340, attribute="hedgeType")),
    )
