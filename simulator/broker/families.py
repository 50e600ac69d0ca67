"""Which orders hang together: parents and children, groups that cancel each other.

An index of keys, nothing more. Children of one parent are a group named after it, as
captured from gateways, unless they name a group of their own; a hedge among them is no
alternative to the others (ours).
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.broker.records import BrokerOrder

OcaKey = tuple[str, str]
"""Account and name: accounts do not share groups."""


class Families:
    """Children by parent and members by group, in order of entry."""

    def __init__(self) -> None:
        self._children: dict[int, dict[int, None]] = {}
        self._groups: dict[OcaKey, dict[int, None]] = {}
        self._group_of: dict[int, OcaKey] = {}

    def enter(self, held: BrokerOrder) -> None:
        """Take an order in, or move it to the group it names now."""
        if held.parent_perm_id:
            self._children.setdefault(held.parent_perm_id, {})[held.perm_id] = None
        key = _group_key(held)
        if key != self._group_of.get(held.perm_id):
            self.leave(held.perm_id)
        if key is not None:
            self._group_of[held.perm_id] = key
            self._groups.setdefault(key, {})[held.perm_id] = None

    def leave(self, perm_id: int) -> None:
        """Take an order out of its group: it is over, or names another."""
        key = self._group_of.pop(perm_id, None)
        if key is None:
            return
        members = self._groups[key]
        members.pop(perm_id, None)
        if not members:
            del self._groups[key]

    def children(self, perm_id: int) -> tuple[int, ...]:
        return tuple(self._children.get(perm_id, ()))

    def siblings(self, perm_id: int) -> tuple[int, ...]:
        """The other members of an order's group."""
        key = self._group_of.get(perm_id)
        members: Iterable[int] = self._groups.get(key, ()) if key is not None else ()
        return tuple(member for member in members if member != perm_id)


def _group_key(held: BrokerOrder) -> OcaKey | None:
    is_attached = held.parent_perm_id and not held.order.hedge_type
    name = held.order.oca_group or (str(held.parent_perm_id) if is_attached else "")
    return (held.account, name) if name else None
