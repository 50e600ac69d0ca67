"""How a peer can break the wire protocol."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class WireError(Exception):
    """The peer broke the framing or the layout of the protocol."""


class FrameError(WireError):
    """A length prefix that no honest peer sends; the stream cannot be resynchronised."""


class DecodeError(WireError):
    """A frame whose fields do not fit the layout of its message.

    `field` names the field, `text` is what stood there (None: nothing did), `seen` holds
    the values of the message that were read before it.
    """

    seen: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, field: str, text: str | None, expected: str) -> None:
        found = "nothing" if text is None else repr(text[:80])
        super().__init__(f"field {field!r}: expected {expected}, found {found}")
        self.field = field
        self.text = text
        self.expected = expected
