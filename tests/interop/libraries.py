"""The installed client libraries behind one small face: encode, decode, objects by name.

Drives their own encoders and decoders without a socket; not a line of theirs is copied.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections import UserList
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from functools import cache
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

REMEDIES = {
    "ib_insync": "Install it with: pip install ib_insync==0.9.86",
    "ib_async": (
        "Install it into an environment of its own, without ib_insync: pip install ib_async==2.1.0"
    ),
    "ibapi": "Install it with: pip install ibapi==9.81.1.post1",
    "ibapi10": (
        "Install it into an environment of its own, without ibapi: "
        "pip install nautilus_ibapi==10.37.2 protobuf"
    ),
}

MIN_VERSION = 157


class Call(NamedTuple):
    """One callback of a library, by its name."""

    name: str
    args: tuple[Any, ...]


class RefusedError(Exception):
    """The library does not send this request at this server version; its callbacks say why."""


class Recorder:
    """Stands in for the wrapper of an asyncio library and keeps every call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.ib = SimpleNamespace(TimezoneTWS="UTC")
        self.defaultTimezone = UTC

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args: self.calls.append(Call(name, args))


class AsyncioLibrary:
    """ib_insync, or ib_async, which has the same names.

    `renamed` are attributes that only this library calls otherwise, `unread` those it has
    no place for; `versions` are the server versions it is compared at.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    unread: frozenset[str] = frozenset()

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


class Watched(UserList[bytes]):
    """Fields that know how far a decoder has read them; it passes over what it does not know."""

    _read: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        self._read = iter(self.data)
        return self._read

    def unread(self) -> list[bytes]:
        """What is left; nothing if they were never read one by one."""
        return list(self._read or ())


class Ibapi:
    """The vendor's own client in the version that it left on the package index under its name."""

    name = "ibapi"
    major = 9
    versions = range(157, 158)
    extra_modules: tuple[str, ...] = ()
    renamed: ClassVar[Mapping[str, str]] = {}
    unread: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.module = importlib.import_module("ibapi")
        if self.module.VERSION["major"] != self.major:
            raise ImportError(f"ibapi is of version {self.module.VERSION}, not {self.major}")
        names = (
            "client",
            "contract",
            "decoder",
            "execution",
            "order",
            "order_condition",
            "scanner",
            "softdollartier",
            "tag_value",
            "wrapper",
            *self.extra_modules,
        )
        modules = [importlib.import_module(f"ibapi.{name}") for name in names]
        self._names = {name: value for module in modules for name, value in vars(module).items()}
        self.client_class = self._names["EClient"]
        # its decoder reads an empty field of an int without special meaning as 0
        self.unset: frozenset[Any] = frozenset({2**31 - 1, sys.float_info.max, 0})

    def new(self, kind: str) -> Any:
        return self._names[kind]()

    def tag_value(self, tag: str, value: str) -> Any:
        return self._names["TagValue"](tag, value)

    def call(self, name: str, args: tuple[Any, ...]) -> Call:
        """A callback under the name, and with the order of arguments, that all others have."""
        return Call(name, args)

    def wrapper(self, record: Callable[[Call], object]) -> Any:
        """An EWrapper whose every callback is recorded."""
        wrapper = self._wrapper_class()()
        wrapper.record = record
        return wrapper

    @cache  # noqa: B019 - there is one library for all tests
    def _wrapper_class(self) -> type:
        def recorder(name: str) -> Callable[..., None]:
            return lambda own, *args, **named: (
                own.record(self.call(name, (*args, *named.values()))) and None
            )

        base = self._names["EWrapper"]
        callbacks = {
            name: recorder(name)
            for name, _ in inspect.getmembers(base, inspect.isfunction)
            if not name.startswith("_") and name != "logAnswer"
        }
        return type("RecordingWrapper", (base,), callbacks)

    def encode(self, version: int, request: Callable[[Any], object]) -> list[str]:
        """As that of the asyncio libraries; raises `RefusedError` if the client does not send it."""
        refused: list[Call] = []
        client = self.client_class(self.wrapper(refused.append))
        sent: list[str] = []
        client.serverVersion_ = version
        client.clientId = 0
        client.conn = SimpleNamespace(isConnected=lambda: True)
        client.setConnState(self.client_class.CONNECTED)
        client.sendMsg = lambda *parts: sent.append(self._message(*parts))
        request(client)
        if refused:
            raise RefusedError(*refused)
        return _only(sent)

    def _message(self, *parts: Any) -> str:
        (message,) = parts
        return message

    def decode(self, version: int, fields: list[str]) -> list[Call]:
        calls: list[Call] = []
        decoder = self._decoder(version)
        decoder.wrapper.record = calls.append
        self._interpret(decoder, [field.encode() for field in fields])
        return calls

    def _check(self, fields: Watched) -> None:
        unread = fields.unread()
        assert unread == [], "fields that the decoder does not read"

    @cache  # noqa: B019 - there is one library for all tests, and a decoder is slow to make
    def _decoder(self, version: int) -> Any:
        decoder = self._names["Decoder"](self._wrapper_class()(), version)
        decoder.discoverParams()
        return decoder

    def _interpret(self, decoder: Any, fields: list[bytes]) -> None:
        watched = Watched(fields)
        decoder.interpret(watched)
        self._check(watched)


class Ibapi10(Ibapi):
    """The vendor's client of 2025 as it is republished: text up to version 200, protobuf above."""

    name = "ibapi10"
    major = 10
    versions = range(157, 201)
    extra_modules = ("common", "order_cancel", "order_state")
    renamed: ClassVar[Mapping[str, str]] = {
        "commission": "commissionAndFees",
        "min_commission": "minCommissionAndFees",
        "max_commission": "maxCommissionAndFees",
        "commission_currency": "commissionAndFeesCurrency",
        "average": "wap",
        "size": "size",
    }
    unread = frozenset({"fa_profile", "e_trade_only", "firm_quote_only", "nbbo_price_cap"})
    """What it always sends empty and passes over in replies."""

    def __init__(self) -> None:
        super().__init__()
        self.unset |= {importlib.import_module("ibapi.const").UNSET_DECIMAL}

    def call(self, name: str, args: tuple[Any, ...]) -> Call:
        if name == "error":  # the time has moved to the front
            id_, time_ms, *rest = args
            return Call(name, (id_, *rest, time_ms))
        return Call(name.replace("commissionAndFeesReport", "commissionReport"), args)

    def _message(self, *parts: Any) -> str:
        message_id, text = parts
        return f"{int(message_id)}\0{text}"

    def _interpret(self, decoder: Any, fields: list[bytes]) -> None:
        watched = Watched(fields[1:])
        decoder.interpret(watched, int(fields[0]))
        self._check(watched)


Library = AsyncioLibrary | Ibapi

LIBRARIES: dict[str, Callable[[], Library]] = {
    "ib_insync": lambda: AsyncioLibrary("ib_insync", 176),
    "ib_async": lambda: AsyncioLibrary("ib_async", 178),
    "ibapi": Ibapi,
    "ibapi10": Ibapi10,
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
