"""The installed client libraries behind one small face: encode, decode, objects by name.

Drives their own encoders and decoders without a socket; not a line of theirs is copied.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable
from datetime import UTC
from types import SimpleNamespace
from typing import Any, NamedTuple

REMEDIES = {
    "ib_insync": "Install it with: pip install ib_insync==0.9.86",
    "ib_async": (
        "Install it into an environment of its own, without ib_insync: pip install ib_async==2.1.0"
    ),
    "ibapi": "Install it with: pip install ibapi==9.81.1.post1",
}

MIN_VERSION = 157


class Call(NamedTuple):
    """One callback of a library, by its name."""

    name: str
    args: tuple[Any, ...]


class Recorder:
    """Stands in for the wrapper of an asyncio library and keeps every call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.ib = SimpleNamespace(TimezoneTWS="UTC")
        self.defaultTimezone = UTC

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args: self.calls.append(Call(name, args))


class AsyncioLibrary:
    """ib_insync, or ib_async, which has the same names."""

    def __init__(self, name: str, max_version: int) -> None:
        self.name = name
        self.module = _imported(name)
        self.versions = range(MIN_VERSION, max_version + 1)
        self.unset: frozenset[Any] = frozenset(
            {self.module.util.UNSET_INTEGER, self.module.util.UNSET_DOUBLE, None, ""}
        )

    def new(self, kind: str) -> Any:
        return getattr(self.module, kind)()

    def tag_value(self, tag: str, value: str) -> Any:
        return self.module.TagValue(tag, value)

    def encode(self, version: int, request: Callable[[Any], object]) -> list[str]:
        """The fields that the library's own client sends for a request."""
        client = self.module.client.Client(SimpleNamespace())
        client.connState = client.CONNECTED
        client._serverVersion = version
        sent: list[str] = []
        client.sendMsg = sent.append
        request(client)
        return _only(sent)

    def decode(self, version: int, fields: list[str]) -> list[Call]:
        """The callbacks that a reply causes in the library."""
        recorder = Recorder()
        decoder = self.module.decoder.Decoder(recorder, version)
        decoder.interpret(list(fields))
        return recorder.calls


class Ibapi:
    """The vendor's own client in the version that its package index has."""

    name = "ibapi"
    versions = range(157, 158)

    def __init__(self) -> None:
        names = (
            "client",
            "contract",
            "decoder",
            "execution",
            "order",
            "order_condition",
            "scanner",
            "wrapper",
        )
        modules = [importlib.import_module(f"ibapi.{name}") for name in (*names, "tag_value")]
        modules.append(importlib.import_module("ibapi.softdollartier"))
        self._names = {name: value for module in modules for name, value in vars(module).items()}
        self.client_class = self._names["EClient"]
        # its decoder reads an empty field of an int without special meaning as 0
        self.unset: frozenset[Any] = frozenset({2**31 - 1, sys.float_info.max, 0})

    def new(self, kind: str) -> Any:
        return self._names[kind]()

    def tag_value(self, tag: str, value: str) -> Any:
        return self._names["TagValue"](tag, value)

    def wrapper(self, record: Callable[[Call], object]) -> Any:
        """An EWrapper whose every callback is recorded."""

        def recorder(name: str) -> Callable[..., None]:
            return lambda _self, *args, **named: (
                record(Call(name, (*args, *named.values()))) and None
            )

        base = self._names["EWrapper"]
        callbacks = {
            name: recorder(name)
            for name, _ in inspect.getmembers(base, inspect.isfunction)
            if not name.startswith("_") and name != "logAnswer"
        }
        return type("RecordingWrapper", (base,), callbacks)()

    def encode(self, version: int, request: Callable[[Any], object]) -> list[str]:
        refused: list[Call] = []
        client = self.client_class(self.wrapper(refused.append))
        sent: list[str] = []
        client.serverVersion_ = version
        client.clientId = 0
        client.conn = SimpleNamespace(isConnected=lambda: True)
        client.setConnState(self.client_class.CONNECTED)
        client.sendMsg = sent.append
        request(client)
        assert not refused
        return _only(sent)

    def decode(self, version: int, fields: list[str]) -> list[Call]:
        calls: list[Call] = []
        decoder = self._names["Decoder"](self.wrapper(calls.append), version)
        decoder.discoverParams()
        decoder.interpret(tuple(field.encode() for field in fields))
        return calls


Library = AsyncioLibrary | Ibapi

LIBRARIES: dict[str, Callable[[], Library]] = {
    "ib_insync": lambda: AsyncioLibrary("ib_insync", 176),
    "ib_async": lambda: AsyncioLibrary("ib_async", 178),
    "ibapi": Ibapi,
}


def _imported(name: str) -> Any:
    """The module; its event package wants a current event loop while it is imported."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return importlib.import_module(name)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _only(sent: list[str]) -> list[str]:
    (message,) = sent
    assert message.endswith("\0")
    return message[:-1].split("\0")
