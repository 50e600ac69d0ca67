"""Messages: a record type with its id and layout, and the tables of one direction."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from simulator.wire.errors import DecodeError
from simulator.wire.kinds import INT
from simulator.wire.layouts import Element, Fields, Layout


class Message:
    """One message of the protocol: its id, its record type and its layout."""

    def __init__(self, id_: int, record: type, *elements: Element) -> None:
        self.id = id_
        self.record = record
        self.layout = Layout(record, *elements)
        missing = {f.name for f in dataclasses.fields(record)} - {
            path.partition(".")[0] for element in elements for path in element.paths()
        }
        if missing:
            raise TypeError(f"{record.__name__}: not in its layout: {sorted(missing)}")


class Codec:
    """The messages of one direction, by id and by record type."""

    def __init__(self, *messages: Message) -> None:
        self.by_id = {message.id: message for message in messages}
        self.by_record = {message.record: message for message in messages}
        if not len(messages) == len(self.by_id) == len(self.by_record):
            raise TypeError("two messages share an id or a record type")

    def decode(self, fields: Sequence[str], version: int) -> Any:
        """The record of a message's fields (id first). Raises `DecodeError`."""
        id_ = Fields(fields).take("message id", INT)
        if id_ not in self.by_id:
            raise DecodeError("message id", fields[0], "the id of a known message")
        return self.by_id[id_].layout.read(Fields(fields, position=1), version, to_the_end=True)

    def encode(self, record: Any, version: int) -> list[str]:
        """The fields of a record (id first)."""
        message = self.by_record[type(record)]
        out = [str(message.id)]
        message.layout.write(record, out, version)
        return out
