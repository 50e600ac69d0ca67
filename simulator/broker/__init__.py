"""Broker truth: orders, executions and accounts, as they are whoever is connected."""

from simulator.broker.broker import Broker
from simulator.broker.checks import Rules
from simulator.broker.expectation import expected_price
from simulator.broker.gates import why_held
from simulator.broker.records import (
    DONE,
    LIVE,
    TRANSITIONS,
    Accepted,
    BrokerOrder,
    Cancelled,
    CancelRequested,
    CashMoved,
    Change,
    Corrected,
    Entry,
    Event,
    Executed,
    Gate,
    Instruction,
    Moved,
    OrderEvent,
    Refused,
    Rejected,
    Replaced,
)

__all__ = [
    "DONE",
    "LIVE",
    "TRANSITIONS",
    "Accepted",
    "Broker",
    "BrokerOrder",
    "CancelRequested",
    "Cancelled",
    "CashMoved",
    "Change",
    "Corrected",
    "Entry",
    "Event",
    "Executed",
    "Gate",
    "Instruction",
    "Moved",
    "OrderEvent",
    "Refused",
    "Rejected",
    "Replaced",
    "Rules",
    "expected_price",
    "why_held",
]
