"""What faults do to one message, and to the messages of one direction of a connection.

Rule: only what a fault names is changed; every other message goes by as it is, in its order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.faults.actions import (
    Action,
    Alter,
    Corrupt,
    Delay,
    Duplicate,
    Extend,
    Reorder,
    Swallow,
    Truncate,
)
from simulator.faults.points import Where
from simulator.faults.table import Fault
from simulator.gateway import Connection
from simulator.messages import REPLIES
from simulator.session import State
from simulator.wire import join_fields

Send = Callable[[], None]


@dataclass(slots=True, eq=False)
class Letter:
    """A message under way. `texts` is what the fields of a reply were changed into, `masks` are
    put on its bytes at last; `after` is sent then. `kept_by` are the faults it waits for.
    """

    where: Where
    connection: Connection
    record: Any
    copies: int = 1
    window: int = 0
    delay_s: float | None = None
    texts: list[str] | None = None
    masks: list[Corrupt] = field(default_factory=list)
    kept_by: list[Fault] = field(default_factory=list)
    is_delivered: bool = False
    after: list[Send] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether it goes by at once, and once."""
        return self.copies == 1 and not self.window and self.delay_s is None

    @property
    def is_kept(self) -> bool:
        """Whether it waits, to come later."""
        return bool(self.copies) and not (self.delay_s is None and not self.window)

    def apply(self, action: Action) -> bool:
        """Have an action change the message; false for one that is not about messages."""
        change = CHANGES.get(type(action))
        if change is not None:
            change(self, action)
        return change is not None

    def send(self) -> None:
        """Send a reply as it is by now, and what follows it."""
        session = self.connection.session
        if self.texts is None and not self.masks:
            session.send(self.record)
        elif session.state is State.READY:
            session.send_payload(self._payload())
        for send in self.after:
            send()

    def fields(self) -> list[str]:
        """As they are by now: a second fault goes on from what the first has made."""
        if self.texts is not None:
            return self.texts
        return REPLIES.encode(self.record, self.connection.session.version)

    def _payload(self) -> bytes:
        payload = bytearray(join_fields(self.fields()))
        for action in self.masks:
            payload[action.position % len(payload)] ^= action.mask
        return bytes(payload)


class Stream:
    """The messages of one direction of a connection, some of which wait."""

    def __init__(
        self, deliver: Callable[[Letter], None], plan: Callable[[float, Send], None]
    ) -> None:
        self._deliver = deliver
        self._plan = plan
        self._waiting: list[Letter] = []

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting)

    def let_by(self, letter: Letter) -> None:
        """Deliver a message now or later, and then those that have waited for it."""
        if letter.delay_s is not None:
            self._plan(letter.delay_s * 1000, lambda: self.release(letter))
        elif letter.window:
            self._waiting.append(letter)
        else:
            self._deliver_all(letter)
            self._count()

    def release(self, letter: Letter) -> None:
        """Deliver a message that waits, if it still does."""
        if letter in self._waiting:
            self._waiting.remove(letter)
        if not letter.is_delivered:
            self._deliver_all(letter)

    def abandon(self) -> list[Letter]:
        """Give up those that wait for others to come."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def _count(self) -> None:
        for waiting in self._waiting:
            waiting.window -= 1
        ready = [waiting for waiting in self._waiting if waiting.window <= 0]
        self._waiting = [waiting for waiting in self._waiting if waiting.window > 0]
        for waiting in ready:
            self._deliver_all(waiting)

    def _deliver_all(self, letter: Letter) -> None:
        letter.is_delivered = True
        for _ in range(letter.copies):
            self._deliver(letter)


def _swallow(letter: Letter, _: Swallow) -> None:
    letter.copies = 0


def _delay(letter: Letter, action: Delay) -> None:
    letter.delay_s = action.seconds


def _duplicate(letter: Letter, action: Duplicate) -> None:
    letter.copies += action.count


def _reorder(letter: Letter, action: Reorder) -> None:
    letter.window = action.window


def _truncate(letter: Letter, action: Truncate) -> None:
    fields = letter.fields()
    letter.texts = fields[: max(1, len(fields) - action.fields)]


def _extend(letter: Letter, action: Extend) -> None:
    letter.texts = [*letter.fields(), *action.texts]


def _alter(letter: Letter, action: Alter) -> None:
    """A field that the message does not have at this version leaves it as it is."""
    fields = letter.fields()
    if action.field.isdecimal():
        index = int(action.field)
    else:
        layout = REPLIES.by_record[type(letter.record)].layout
        found = layout.index_of(action.field, letter.record, letter.connection.session.version)
        index = len(fields) if found is None else found + 1
    if index < len(fields):
        fields[index] = action.text
        letter.texts = fields


def _corrupt(letter: Letter, action: Corrupt) -> None:
    letter.masks.append(action)


CHANGES: dict[type[Action], Callable[[Letter, Any], None]] = {
    Swallow: _swallow,
    Delay: _delay,
    Duplicate: _duplicate,
    Reorder: _reorder,
    Truncate: _truncate,
    Extend: _extend,
    Alter: _alter,
    Corrupt: _corrupt,
}
