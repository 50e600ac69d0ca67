"""Faults as data, and what carries them out.

A fault is a point, an action, whom it concerns and how often. Points are counted in what
happens, never in the time of the machine, so that a run with faults can be repeated byte for
byte. `points` and `actions` are the vocabulary, `table` reads it from plain names and
values; `line` keeps back the bytes of one connection, `engine` counts and fires. Without
faults nothing of this stands between a gateway and its clients.
"""

from simulator.faults.actions import ACTIONS, Action
from simulator.faults.engine import Faults
from simulator.faults.points import Point
from simulator.faults.table import Fault, action_of, as_plain, check_common, plain_fault, point_of

__all__ = [
    "ACTIONS",
    "Action",
    "Fault",
    "Faults",
    "Point",
    "action_of",
    "as_plain",
    "check_common",
    "plain_fault",
    "point_of",
]
