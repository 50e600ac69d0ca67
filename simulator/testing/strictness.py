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
from typing import Any

from simulator.gateway.core import Request
from simulator.gateway.hub import Told
from simulator.testing.expectations import kind_of
from simulator.world_settings import WorldError

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
    """What is announced beforehand: kinds of requests, and codes of errors.

    No kinds (None): all requests but those that move orders.
    """

    expects: frozenset[type] | None = None
    errors: frozenset[int] = frozenset()

    @classmethod
    def of(cls, expects: Any, errors: Any) -> Strictness:
        """From how a test writes it; raises `WorldError` for what is no list of such."""
        if not (expects is None or isinstance(expects, list | tuple | set | frozenset)):
            raise WorldError(f"expects must be a list such as ['PlaceOrder'], not {expects!r}")
        is_list = isinstance(errors, list | tuple | set | frozenset)
        if not is_list or not all(type(code) is int for code in errors):
            raise WorldError(f"errors must be a list of codes such as [201], not {errors!r}")
        try:
            kinds = None if expects is None else frozenset(map(kind_of, expects))
        except WorldError as error:
            raise WorldError(f"expects: {error}") from None
        return cls(kinds, frozenset(errors))

    def requests(self, received: Iterable[Request], verified: Collection[int]) -> list[str]:
        """Objections to requests, of which `verified` are the sequence numbers seen to."""
        return [
            f"unexpected {type(r.request).__name__} #{r.sequence} of client {r.client_id}; "
            f"assert_received it{'' if self.expects is None else ', or add it to expects'}"
            for r in received
            if r.sequence not in verified and self._is_unexpected(type(r.request))
        ]

    def told(self, told: Iterable[Told], seen_codes: Collection[int]) -> list[str]:
        return [
            f"client {t.client_id} was told error {t.message.code} of id {t.message.id}: "
            f"{t.message.text}; assert_error it, or add the code to errors"
            for t in told
            if t.message.code not in NOTICES | self.errors and t.message.code not in seen_codes
        ]

    def _is_unexpected(self, kind: type) -> bool:
        if self.expects is None:
            return kind.__name__ in MOVES_ORDERS
        return kind not in self.expects
