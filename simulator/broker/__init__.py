"""Broker truth: orders, executions and accounts, as they are whoever is connected."""

from simulator.broker.broker import (
    DONE,
    TRANSITIONS,
    Accepted,
    Broker,
    BrokerOrder,
    Cancelled,
    Change,
    Entry,
    Event,
    Executed,
    Instruction,
    Replaced,
)

__all__ = [
    "DONE",
    "TRANSITIONS",
    "Accepted",
    "Broker",
    "BrokerOrder",
    "Cancelled",
    "Change",
    "Entry",
    "Event",
    "Executed",
    "Instruction",
    "Replaced",
]
