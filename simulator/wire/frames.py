"""Frames and their fields: bytes in whatever pieces they come, to texts and back."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from simulator.wire.errors import DecodeError, FrameError

MAX_FRAME_BYTES = 0xFFFFFF
"""Largest payload the vendor's clients accept (16 MiB - 1)."""

_NON_ASCII = re.compile(r"[^\x00-\x7f]")


class FrameBuffer:
    """Cuts a byte stream into frame payloads, whatever way the stream was split.

    Raises `FrameError` for a length of zero or above `max_bytes`, before anything of
    that size is kept.
    """

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_bytes = max_bytes
        self._data = bytearray()

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._data)

    def append(self, data: bytes) -> None:
        self._data += data

    def next_frame(self) -> bytes | None:
        """The next whole payload, or None until more bytes arrive."""
        if len(self._data) < 4:
            return None
        (size,) = struct.unpack_from(">I", self._data)
        if not 0 < size <= self._max_bytes:
            raise FrameError(f"frame length {size} is not between 1 and {self._max_bytes}")
        if len(self._data) < 4 + size:
            return None
        payload = bytes(self._data[4 : 4 + size])
        del self._data[: 4 + size]
        return payload

    def take(self, size: int) -> bytes | None:
        """The next `size` raw bytes, for what precedes the first frame."""
        if len(self._data) < size:
            return None
        raw = bytes(self._data[:size])
        del self._data[:size]
        return raw


def frame(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


def split_fields(payload: bytes) -> list[str]:
    """The NUL-terminated fields of a payload. Bytes that are not UTF-8 stay visible as escapes."""
    if not payload.endswith(b"\0"):
        tail = payload.rsplit(b"\0", 1)[-1].decode("utf-8", "backslashreplace")
        raise DecodeError("(last)", tail, "a field that ends in NUL")
    return payload[:-1].decode("utf-8", "backslashreplace").split("\0")


def join_fields(fields: Iterable[str]) -> bytes:
    """The payload of fields, in 7-bit ASCII as gateways from version 153 on write it."""
    text = "\0".join(fields) + "\0"
    if not text.isascii():
        text = _NON_ASCII.sub(_escape, text)
    return text.encode("ascii")


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(
        f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)
    )
