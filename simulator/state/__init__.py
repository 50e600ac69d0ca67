"""Broker truth on disk: the journal as text, and the file that keeps it over restarts."""

from simulator.state.file import StateError, StateFile
from simulator.state.forms import Instruments, MisfitError
from simulator.state.journal import SCHEMA, Identity, journal_lines, read_line

__all__ = [
    "SCHEMA",
    "Identity",
    "Instruments",
    "MisfitError",
    "StateError",
    "StateFile",
    "journal_lines",
    "read_line",
]
