"""Whose order it is and of what: id, contract, permission, account, side, parent.

Captured: 103, 104, 200, 201 (account; too late to replace), 321 (action). Documented: the
rest. Short sales by slot are for institutions (346); others just sell what they do not hold.
"""

from __future__ import annotations

from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse

OPEN_CLOSE = frozenset({"", "O", "C", "?"})
CLEARING_INTENTS = frozenset({"", "IB", "Away", "PTA"})
ORIGINS = frozenset({0, 1})
RULES_80A = frozenset({"", "0", "I", "A", "W", "J", "U", "M", "K", "Y", "N"})


def order_id(candidate: Candidate) -> Refusal | None:
    held = candidate.held
    if held is None:
        return refuse(103) if candidate.is_old_id else None
    if held.instruction is not None:
        return refuse(105)
    if held.status == "Filled":
        return refuse(104)
    if held.is_done:
        reason = "Order has been cancelled already, too late to replace"
        return refuse(201, reason=reason)
    return None


def contract(candidate: Candidate) -> Refusal | None:
    if not candidate.contract.exchange:
        return refuse(321, cause="Missing order exchange")
    if candidate.objection is not None:
        code, facts = candidate.objection
        return Refusal(code, facts)
    if len(candidate.instruments) != 1:
        return refuse(392 if candidate.is_expired else 200)
    held = candidate.held
    is_other = held is not None and held.instrument.con_id != candidate.instrument.con_id
    return refuse(105) if is_other else None


def permission(candidate: Candidate) -> Refusal | None:
    instrument = candidate.instrument
    if instrument.sec_type in candidate.withheld:
        return refuse(460)
    return refuse(203) if instrument.symbol in candidate.withheld else None


def account(candidate: Candidate) -> Refusal | None:
    """The account of an order, unless a group of them is to share it."""
    order, held = candidate.order, candidate.held
    is_told = order.account or order.fa_group or order.fa_profile
    if held is not None and order.account and order.account != held.account:
        return refuse(422)
    if order.account and order.account not in candidate.accounts:
        return refuse(201, reason="Invalid or missing IBCustAcctNo")
    return refuse(435) if not is_told and len(candidate.accounts) > 1 else None


def clearing(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    is_away = order.clearing_intent == "Away"
    return first(
        (order.clearing_intent not in CLEARING_INTENTS, invalid("clearing intent")),
        (is_away and not order.clearing_account, refuse(132)),
        (order.origin not in ORIGINS, refuse(311)),
        (order.open_close not in OPEN_CLOSE, invalid("open/close")),
        (order.rule_80a not in RULES_80A, invalid("Rule 80A")),
        (order.manual_order_indicator not in {None, 0, 1}, invalid("manual order indicator")),
    )


def short_sale(candidate: Candidate) -> Refusal | None:
    order, slot = candidate.order, candidate.order.short_sale_slot
    is_short = order.action == "SSHORT"
    return first(
        (slot not in {0, 1, 2} or (is_short and not slot), refuse(347)),
        (slot and not is_short, refuse(348)),
        (slot == 2 and not order.designated_location, refuse(352)),
        (slot != 2 and order.designated_location, refuse(353)),
        (order.action in {"SSHORT", "SLONG"}, refuse(346)),
    )


def action(candidate: Candidate) -> Refusal | None:
    action, held = candidate.order.action, candidate.held
    if action not in {"BUY", "SELL"}:
        return refuse(321, cause=f"Invalid action was entered: '{action}'")
    return refuse(105) if held is not None and held.order.action != action else None


def parent(candidate: Candidate) -> Refusal | None:
    """A parent that was never taken, such as one that was refused, and one that is over."""
    order, parent = candidate.order, candidate.parent
    if not order.parent_id:
        return None
    if parent is None:
        return refuse(10006)
    held = candidate.held
    is_new = held is None
    is_orphan = held is not None and held.is_inactive and parent.status == "Cancelled"
    return first(
        ((parent.is_done and is_new) or is_orphan, refuse(135, order_id=order.parent_id)),
        (parent.order.all_or_none and not order.all_or_none, refuse(10236)),
        (candidate.is_smart_combo, refuse(358)),
    )


def what_if(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    return refuse(413) if order.what_if and not order.transmit else None
