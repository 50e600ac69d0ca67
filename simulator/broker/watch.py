"""Orders with conditions, by what can make them true.

An index of keys: which orders are to be looked at when a quote changes, which at every quote
(margin), and which whenever anything else happens (time, executions, money).
"""

from __future__ import annotations

from collections.abc import Iterable

ANYTHING = 0
"""Stands for what no quote tells."""
MARGIN = -1
"""Stands for every quote: the margin of an account follows from all of them."""


class Watch:
    """Orders by the contract ids whose quotes they look at."""

    def __init__(self) -> None:
        self._by_con_id: dict[int, dict[int, None]] = {}
        self._con_ids: dict[int, frozenset[int]] = {}

    def __contains__(self, key: int) -> bool:
        return key in self._con_ids

    def add(self, key: int, con_ids: Iterable[int]) -> None:
        """Look at an order when one of these is quoted, and whenever anything happens."""
        self._con_ids[key] = frozenset(con_ids) | {ANYTHING}
        for con_id in self._con_ids[key]:
            self._by_con_id.setdefault(con_id, {})[key] = None

    def remove(self, key: int) -> None:
        for con_id in self._con_ids.pop(key, ()):
            keys = self._by_con_id[con_id]
            del keys[key]
            if not keys:
                del self._by_con_id[con_id]

    def on(self, con_id: int) -> tuple[int, ...]:
        """The orders that look at a contract."""
        return tuple(self._by_con_id.get(con_id, ()))

    def con_ids(self) -> tuple[int, ...]:
        """The contracts that are looked at."""
        return tuple(con_id for con_id in self._by_con_id if con_id > ANYTHING)
