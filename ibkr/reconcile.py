"""What became of an order whose answer never came: one table from evidence to verdict.

It asks nobody and knows no gateway, journal or clock; it is told what was seen and says what
that proves. Rule: the rows are read from the top, the first that applies decides, and nothing
is called "not accepted" that another reading of the evidence could explain.

Assumptions about TWS, from faults.md §3.4: orders move from open to completed only, so an
order absent from two complete snapshots of open orders, completed orders and executions is
not there; a session's messages are read in the order they were sent; the lists cover one day
of the gateway; orders received during 1100 may be held and sent on later; a next valid id
above an order's own says that its message was processed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType


class Verdict(StrEnum):
    NOT_SENT = auto()
    """Proved: it never left whole, so the gateway cannot have read it."""
    FOUND = auto()
    """The gateway showed it under our reference; what it said since holds."""
    NOT_ACCEPTED = auto()
    """It was sent and the gateway has no trace of it, nor can it appear later."""
    UNKNOWN = auto()
    """It may be live, or become so. It is never sent again."""
    DUPLICATE = auto()
    """The gateway has more than one order under our reference. Somebody has to look."""


GIVEN_UP = frozenset({Verdict.NOT_SENT, Verdict.NOT_ACCEPTED})
"""What is concluded of an order nobody expects anything of any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one order when a connection has taken its snapshots.

    - `handed_over`: its message was written to the socket, or may have been
    - `cut_short`: the socket is known to have closed before the whole message was out
    - `permanent_ids`: how many orders the gateway showed under its reference
    - `found`: whether it showed any
    - `complete`: two snapshots since had all their parts answered
    - `fenced`: the session that sent it has ended, or has answered what was asked after it: so
      nothing of it is still on its way
    - `managed`: its account is one of the gateway's
    - `upstream_healthy`: the gateway has its link to IB now
    - `disturbed`: the gateway lost that link before it answered, and was not heard to regain it
    - `rolled_over`: a day of the gateway ended since, and its lists began anew
    - `id_consumed`: the gateway's next valid id is above the order's
    """

    handed_over: bool = True
    cut_short: bool = False
    permanent_ids: int = 0
    found: bool = False
    complete: bool = True
    fenced: bool = True
    managed: bool = True
    upstream_healthy: bool = True
    disturbed: bool = False
    rolled_over: bool = False
    id_consumed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """`needs` are the fields of the evidence this row asks for; empty: all others."""

    rule: str
    needs: Mapping[str, bool]
    verdict: Verdict
    because: str


def _row(rule: str, verdict: Verdict, because: str, **needs: bool) -> Row:
    return Row(rule, MappingProxyType(needs), verdict, because)


_V = Verdict

# fmt: off
ROWS: tuple[Row, ...] = (
    _row("h", _V.DUPLICATE, "the gateway has more than one order under this reference",
         doubled=True),
    _row("c", _V.FOUND, "the gateway has it", found=True),
    _row("a", _V.NOT_SENT, "it was never written to the socket", handed_over=False),
    _row("b", _V.NOT_SENT, "the socket closed before its message was out", cut_short=True),
    _row("i", _V.UNKNOWN, "a part of the gateway's lists is missing", complete=False),
    _row("i", _V.UNKNOWN, "the session that sent it may not have been read to it", fenced=False),
    _row("i", _V.UNKNOWN, "its account is not one of this gateway's", managed=False),
    _row("f", _V.UNKNOWN, "the gateway has no link to IB and may hold it", upstream_healthy=False),
    _row("f", _V.UNKNOWN, "the gateway lost IB while it was under way and may hold it",
         disturbed=True),
    _row("g", _V.UNKNOWN, "the gateway's lists began anew since it was sent", rolled_over=True),
    _row("e", _V.UNKNOWN, "its id is used up, yet no list has it", id_consumed=True),
    _row("d", _V.NOT_ACCEPTED, "two complete snapshots have no trace of it"),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    rule: str
    because: str


def judge(evidence: Evidence) -> Judgement:
    """The judgement of the first row that applies; the last one always does."""
    facts = {name: getattr(evidence, name) for name in Evidence.__slots__}
    facts["doubled"] = evidence.permanent_ids > 1
    for row in ROWS:
        if all(facts[name] is wanted for name, wanted in row.needs.items()):
            return Judgement(row.verdict, row.rule, row.because)
    raise AssertionError("the last row of the table applies always")
