"""Broker truth on disk: the journal as text, and the file that keeps it over restarts."""

from simulator.state.file import StateError, StateFile
from simulator.state.journal import SCHEMA, Identity, journal_lines, read_line
from simulator.state.reading import MisfitError, Source

__all__ = [
    "SCHEMA",
    "Identity",
    "MisfitError",
    "Source",
    "StateError",
    "StateFile",
    "journal_lines",
    "read_line",
]
