"""Start-up, ids, time and errors."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.wire import INT, LONG, TEXT, Constant, Field, Message


@dataclass(frozen=True, slots=True)
class StartApi:
    client_id: int
    optional_capabilities: str = ""


@dataclass(frozen=True, slots=True)
class RequestIds:
    count: int = 1


@dataclass(frozen=True, slots=True)
class RequestCurrentTime:
    pass


@dataclass(frozen=True, slots=True)
class RequestCurrentTimeInMillis:
    pass


@dataclass(frozen=True, slots=True)
class SetServerLogLevel:
    level: int


@dataclass(frozen=True, slots=True)
class NextValidId:
    order_id: int


@dataclass(frozen=True, slots=True)
class CurrentTime:
    epoch_s: int


@dataclass(frozen=True, slots=True)
class CurrentTimeInMillis:
    epoch_ms: int


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """An error, warning or notice; `id` is an order id, a request id or -1 for the system."""

    id: int
    code: int
    text: str
    advanced_order_reject: str = ""
    time_ms: int = 0


REQUESTS = (
    Message(8, RequestIds, Constant("1"), Field("count", INT)),
    Message(14, SetServerLogLevel, Constant("1"), Field("level", INT)),
    Message(49, RequestCurrentTime, Constant("1")),
    Message(105, RequestCurrentTimeInMillis),
    Message(
        71, StartApi, Constant("2"), Field("client_id", INT), Field("optional_capabilities", TEXT)
    ),
)

REPLIES = (
    Message(
        4,
        ErrorMessage,
        Constant("2", until=193),
        Field("id", INT),
        Field("code", INT),
        Field("text", TEXT),
        Field("advanced_order_reject", TEXT, since=166),
        Field("time_ms", LONG, since=194),
    ),
    Message(9, NextValidId, Constant("1"), Field("order_id", INT)),
    Message(49, CurrentTime, Constant("1"), Field("epoch_s", INT)),
    Message(109, CurrentTimeInMillis, Field("epoch_ms", LONG)),
)
