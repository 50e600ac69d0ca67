"""What a strict test objects to at its end: what reached or left the gateway unannounced.

Pure: what was received and told in, sentences out. Rule: everything objected to has a way to
be announced, and the sentence names it.

- a request that moves orders and that no assertion of the test matched (with `expects`: any
  request that is not in that list and that no assertion matched);
- an error that a client was told and that the test neither asserted nor allows (`errors`);
- a peer that did not speak the protocol.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from simulator.gateway.core import Request
from simulator.gateway.hub import Told
from simulator.testing.expectations import kind_of

MOVES_ORDERS = frozenset(
    {"PlaceOrder", "CancelOrder", "RequestGlobalCancel", "ExerciseOptions"},
)

NOTICES = frozenset({0, 165, 202, 399, 1101, 1102, 10167, *range(2100, 2170)})
"""Codes that are no errors: news of farms, of the connection, of orders as they were wished.

1101 and 1102 say that all is well again; 202 confirms a cancel; 399 says when an order will be
worked; 10167 that delayed data are shown, as asked for.
"""


@dataclass(frozen=True, slots=True)
class Strictness:
    """What is announced beforehand: names of requests, and codes of errors.

    No names (None): all requests but those that move orders.
    """

    expects: frozenset[str] | None = None
    errors: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for name in self.expects or ():
            kind_of(name)

    def requests(self, received: Iterable[Request], verified: Collection[int]) -> list[str]:
        """Objections to requests, of which `verified` are the sequence numbers seen to."""
        return [
            f"unexpected {type(r.request).__name__} #{r.sequence} of client {r.client_id}; "
            f"assert_received it{'' if self.expects is None else ', or add it to expects'}"
            for r in received
            if r.sequence not in verified and self._is_unexpected(type(r.request).__name__)
        ]

    def told(self, told: Iterable[Told], seen_codes: Collection[int]) -> list[str]:
        return [
            f"client {t.client_id} was told error {t.message.code} of id {t.message.id}: "
            f"{t.message.text}; assert_error it, or add the code to errors"
            for t in told
            if t.message.code not in NOTICES | self.errors and t.message.code not in seen_codes
        ]

    def _is_unexpected(self, name: str) -> bool:
        return name in MOVES_ORDERS if self.expects is None else name not in self.expects
