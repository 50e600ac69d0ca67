"""What can go wrong, in two forms: an exception tree and one table of TWS codes.

This room does not know how an error travelled here; it only says what a code means.
Rule: each TWS code stands in exactly one row, and every row names a class of the tree.

    IBKRError
    ├── ConnectivityError
    │   ├── GatewayUnavailable      no gateway answered at host:port
    │   ├── ClientIdInUse           another session holds this client id (326)
    │   ├── ConnectionLost          the link dropped while a caller waited
    │   ├── NotConnected            the call needs a READY connection; nothing was sent
    │   ├── SyncFailed              the start-up snapshot is incomplete
    │   └── RequestTimeout          the gateway did not answer within the deadline
    ├── RequestError
    │   ├── InvalidContract         refused by us: a field is missing or malformed
    │   ├── ContractNotFound        the gateway knows no such contract (200)
    │   ├── AmbiguousContract       more than one contract matches
    │   ├── MarketDataNotAvailable  no permission, no line, or a competing session
    │   ├── NotSubscribed           there is no subscription for this contract
    │   ├── InvalidRequest          the gateway could not accept the request
    │   └── PacingViolation         too many requests (100, 162, 420)
    ├── OrderError
    │   ├── IdempotencyConflict     refused by us: the key names another order
    │   ├── JournalError            refused by us: the order cannot be kept, so it is not sent
    │   ├── InvalidOrder            refused by us: a field is missing or malformed
    │   ├── OrderLimitExceeded      refused by us: above a configured limit
    │   ├── LiveTradingRefused      refused by us: the account is not a paper account
    │   ├── TradingHalted           refused by us: the kill switch is on
    │   ├── ReadOnlyApi             this connection may not trade
    │   ├── OrderRejected           refused by the gateway or the exchange; it is not live
    │   ├── OrderNotAccepted        it was sent and the gateway has no trace of it
    │   ├── DuplicateOrderId        the gateway has seen this id before (103)
    │   ├── OrderNotFound           there is no such order (135, 10147)
    │   ├── CancelTooLate           the order can no longer be cancelled (136, 161, 10148)
    │   └── OrderStateUnknown       the order may or may not be live; never send it again blindly
    └── StreamOverflow              a consumer was too slow; events after this point were dropped
"""

# ruff: noqa: N818 - these names say what happened; "Error" behind each would only be longer

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType
from typing import ClassVar


class ErrorCode(StrEnum):
    """Our own stable codes: what an application may branch on, whatever the gateway's wording."""

    INTERNAL = auto()
    GATEWAY_UNAVAILABLE = auto()
    CLIENT_ID_IN_USE = auto()
    CONNECTION_LOST = auto()
    NOT_CONNECTED = auto()
    SYNC_FAILED = auto()
    REQUEST_TIMEOUT = auto()
    INVALID_CONTRACT = auto()
    CONTRACT_NOT_FOUND = auto()
    AMBIGUOUS_CONTRACT = auto()
    MARKET_DATA_NOT_SUBSCRIBED = auto()
    MARKET_DATA_LIMIT = auto()
    COMPETING_SESSION = auto()
    NOT_SUBSCRIBED = auto()
    INVALID_REQUEST = auto()
    PACING_VIOLATION = auto()
    IDEMPOTENCY_CONFLICT = auto()
    JOURNAL_UNUSABLE = auto()
    INVALID_ORDER = auto()
    ORDER_LIMIT_EXCEEDED = auto()
    LIVE_TRADING_REFUSED = auto()
    TRADING_HALTED = auto()
    READ_ONLY_API = auto()
    ORDER_REJECTED = auto()
    ORDER_NOT_ACCEPTED = auto()
    NO_TRADING_PERMISSION = auto()
    INVALID_PRICE = auto()
    INVALID_SIZE = auto()
    DUPLICATE_ORDER_ID = auto()
    ORDER_NOT_FOUND = auto()
    CANCEL_TOO_LATE = auto()
    ORDER_STATE_UNKNOWN = auto()
    STREAM_OVERFLOW = auto()
    ORDER_CANCELLED = auto()
    ORDER_WARNING = auto()
    MARKET_DATA_DELAYED = auto()
    FARM_STATUS = auto()
    UPSTREAM_LOST = auto()
    UPSTREAM_RESTORED_DATA_LOST = auto()
    UPSTREAM_RESTORED = auto()
    NOTICE = auto()


class Effect(StrEnum):
    """What a code does to the request or order it names."""

    REJECT = auto()
    """The request failed; an order that was not acknowledged yet is not live."""
    NOTICE = auto()
    """Nothing ends: the request or order lives on."""
    CONNECTIVITY = auto()
    """The code is about the gateway's own link to IB, not about a request."""
    UNKNOWN = auto()
    """Not in the table: a data request failed; for an order nothing is decided."""


class IBKRError(Exception):
    """Any failure of this package.

    `code` is ours and stable; `gateway_code` is the TWS code behind it, or None.
    """

    default_code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(
        self, message: str, *, code: ErrorCode | None = None, gateway_code: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.gateway_code = gateway_code

    def __str__(self) -> str:
        suffix = f" (gateway code {self.gateway_code})" if self.gateway_code is not None else ""
        return f"{self.message}{suffix}"


class ConnectivityError(IBKRError):
    """The gateway cannot be reached or does not answer."""


class GatewayUnavailable(ConnectivityError):
    default_code = ErrorCode.GATEWAY_UNAVAILABLE


class ClientIdInUse(ConnectivityError):
    default_code = ErrorCode.CLIENT_ID_IN_USE


class ConnectionLost(ConnectivityError):
    default_code = ErrorCode.CONNECTION_LOST


class NotConnected(ConnectivityError):
    default_code = ErrorCode.NOT_CONNECTED


class SyncFailed(ConnectivityError):
    default_code = ErrorCode.SYNC_FAILED


class RequestTimeout(ConnectivityError):
    default_code = ErrorCode.REQUEST_TIMEOUT


class RequestError(IBKRError):
    """A request that is not an order failed."""

    default_code = ErrorCode.INVALID_REQUEST


class InvalidContract(RequestError):
    """A contract that cannot be sent; `field` and `value` say which part is wrong."""

    default_code = ErrorCode.INVALID_CONTRACT

    def __init__(self, message: str, *, field: str = "", value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class ContractNotFound(RequestError):
    default_code = ErrorCode.CONTRACT_NOT_FOUND


class AmbiguousContract(RequestError):
    default_code = ErrorCode.AMBIGUOUS_CONTRACT


class MarketDataNotAvailable(RequestError):
    default_code = ErrorCode.MARKET_DATA_NOT_SUBSCRIBED


class NotSubscribed(RequestError):
    default_code = ErrorCode.NOT_SUBSCRIBED


class InvalidRequest(RequestError):
    default_code = ErrorCode.INVALID_REQUEST


class PacingViolation(RequestError):
    default_code = ErrorCode.PACING_VIOLATION


class OrderError(IBKRError):
    """An order or a cancel failed; `order_id` is None where no id was given to it."""

    default_code = ErrorCode.ORDER_REJECTED

    def __init__(
        self,
        message: str,
        *,
        order_id: int | None = None,
        code: ErrorCode | None = None,
        gateway_code: int | None = None,
    ) -> None:
        super().__init__(message, code=code, gateway_code=gateway_code)
        self.order_id = order_id


class InvalidOrder(OrderError):
    """An order that cannot be sent; `field` and `value` say which part is wrong."""

    default_code = ErrorCode.INVALID_ORDER

    def __init__(self, message: str, *, field: str = "", value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class IdempotencyConflict(OrderError):
    """The key was used before for an order with another body; `order_id` names that order."""

    default_code = ErrorCode.IDEMPOTENCY_CONFLICT


class JournalError(OrderError):
    """The journal cannot be opened or written; what could not be kept was not sent."""

    default_code = ErrorCode.JOURNAL_UNUSABLE


class OrderLimitExceeded(OrderError):
    default_code = ErrorCode.ORDER_LIMIT_EXCEEDED


class LiveTradingRefused(OrderError):
    default_code = ErrorCode.LIVE_TRADING_REFUSED


class TradingHalted(OrderError):
    """The kill switch is on: the file of the setting kill_switch is there."""

    default_code = ErrorCode.TRADING_HALTED


class ReadOnlyApi(OrderError):
    default_code = ErrorCode.READ_ONLY_API


class OrderRejected(OrderError):
    default_code = ErrorCode.ORDER_REJECTED


class OrderNotAccepted(OrderError):
    """The order was sent, and the gateway's complete lists have no trace of it."""

    default_code = ErrorCode.ORDER_NOT_ACCEPTED


class DuplicateOrderId(OrderError):
    default_code = ErrorCode.DUPLICATE_ORDER_ID


class OrderNotFound(OrderError):
    default_code = ErrorCode.ORDER_NOT_FOUND


class CancelTooLate(OrderError):
    default_code = ErrorCode.CANCEL_TOO_LATE


class OrderStateUnknown(OrderError):
    """The order was handed to the gateway and its fate could not be learned.

    `order_id` names it. Look at `order(order_id)` and the order events, which go on
    after a reconnect. Placing it again may trade twice.
    """

    default_code = ErrorCode.ORDER_STATE_UNKNOWN


class StreamOverflow(IBKRError):
    default_code = ErrorCode.STREAM_OVERFLOW


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One TWS code: our code for it, the exception it becomes, and what it does."""

    gateway_code: int
    code: ErrorCode
    error: type[IBKRError]
    effect: Effect

    def exception(self, message: str, *, order_id: int | None = None) -> IBKRError:
        """The typed error of this row, with the gateway's own text."""
        if issubclass(self.error, OrderError):
            return self.error(
                message, order_id=order_id, code=self.code, gateway_code=self.gateway_code
            )
        return self.error(message, code=self.code, gateway_code=self.gateway_code)


_Group = tuple[ErrorCode, type[IBKRError], Effect, tuple[int, ...]]
_REJECT, _NOTICE, _LINK = Effect.REJECT, Effect.NOTICE, Effect.CONNECTIVITY

# fmt: off
# One group per meaning. Order codes marked REJECT count only before an acknowledgement:
# on an order that is live already they are notices, because 104, 105, 161, 321, 329 and
# others arrive while the order goes on working.
_GROUPS: tuple[_Group, ...] = (
    (ErrorCode.CLIENT_ID_IN_USE, ClientIdInUse, _REJECT, (326,)),
    (ErrorCode.PACING_VIOLATION, PacingViolation, _REJECT, (100, 162, 420)),
    (ErrorCode.MARKET_DATA_LIMIT, MarketDataNotAvailable, _REJECT, (101, 309, 10190)),
    (ErrorCode.MARKET_DATA_NOT_SUBSCRIBED, MarketDataNotAvailable, _REJECT,
     (354, 10089, 10091, 10168, 10186, 10187, 10189)),
    (ErrorCode.COMPETING_SESSION, MarketDataNotAvailable, _REJECT, (10182, 10197)),
    (ErrorCode.CONTRACT_NOT_FOUND, ContractNotFound, _REJECT, (200,)),
    (ErrorCode.NOT_SUBSCRIBED, NotSubscribed, _REJECT, (300, 310, 365, 366)),
    (ErrorCode.INVALID_REQUEST, InvalidRequest, _REJECT,
     (102, 138, 139, 143, 301, 303, 305, 311, 322, 323, 324, 327, 385, 386, 414, 431, 10314,
      10339)),

    (ErrorCode.DUPLICATE_ORDER_ID, DuplicateOrderId, _REJECT, (103,)),
    (ErrorCode.ORDER_NOT_FOUND, OrderNotFound, _REJECT, (135, 10147)),
    (ErrorCode.CANCEL_TOO_LATE, CancelTooLate, _REJECT, (136, 137, 161, 10148)),
    (ErrorCode.READ_ONLY_API, ReadOnlyApi, _REJECT, (10005, 10015)),
    (ErrorCode.NO_TRADING_PERMISSION, OrderRejected, _REJECT, (203, 412, 438, 460, 10016)),
    (ErrorCode.INVALID_PRICE, OrderRejected, _REJECT,
     (109, 110, 125, 126, 141, 163, 164, 168, 382, 403, 10344)),
    (ErrorCode.INVALID_SIZE, OrderRejected, _REJECT,
     (140, 144, 355, 383, 388, 434, 10242, 10243, 10244, 10245, 10246, 10247, 10248, 10249,
      10250, 10252, 10289, 10290, 10318)),
    (ErrorCode.ORDER_REJECTED, OrderRejected, _REJECT,
     (104, 105, 106, 107, 111, 113, 114, 115, 116, 117, 132, 133, 134, 145, 146, 147, 151, 152,
      154, 157, 201, 312, 313, 314, 315, 320, 321, 325, 328, 329, 332, 333, 334, 336, 337, 338,
      342, 343, 351, 387, 389, 390, 391, 392, 400, 405, 406, 407, 411, 421, 422, 424, 426, 432,
      435, 436, 437, 439, 441, 442, 443, 10006, 10052, 10063, 10254, 10268, 10269, 10297, 10302,
      10340, 10345)),

    (ErrorCode.ORDER_CANCELLED, OrderError, _NOTICE, (202,)),
    (ErrorCode.ORDER_WARNING, OrderError, _NOTICE,
     (131, 399, 404, 481, 10233, 10311, 10329, 10331, 10333, 10347, 10349)),
    (ErrorCode.MARKET_DATA_DELAYED, MarketDataNotAvailable, _NOTICE, (492, 10090, 10167)),
    (ErrorCode.FARM_STATUS, ConnectivityError, _NOTICE,
     (2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158)),
    (ErrorCode.NOTICE, IBKRError, _NOTICE, (0, 165, 317, 319, 2100, 2101, 2102, 2109, 2137, 2152)),

    (ErrorCode.UPSTREAM_LOST, ConnectivityError, _LINK, (1100, 2110)),
    (ErrorCode.UPSTREAM_RESTORED_DATA_LOST, ConnectivityError, _LINK, (1101,)),
    (ErrorCode.UPSTREAM_RESTORED, ConnectivityError, _LINK, (1102,)),
)
# fmt: on


def build_table(groups: Iterable[_Group]) -> Mapping[int, CodeRow]:
    """Rows by TWS code; raises ValueError where two groups claim the same code."""
    table: dict[int, CodeRow] = {}
    for code, error, effect, numbers in groups:
        for number in numbers:
            if number in table:
                raise ValueError(f"TWS code {number} stands in two rows of the error table")
            table[number] = CodeRow(number, code, error, effect)
    return MappingProxyType(table)


CODE_TABLE = build_table(_GROUPS)
"""Every TWS code we know, by number."""


def lookup(gateway_code: int) -> CodeRow:
    """The row of a TWS code; codes not in the table get a cautious default.

    2100 to 2199 are notices by IBKR's numbering. Any other unknown code has the effect
    UNKNOWN: a data request that gets it failed, an order that gets it is not decided.
    """
    row = CODE_TABLE.get(gateway_code)
    if row is not None:
        return row
    if 2100 <= gateway_code < 2200:
        return CodeRow(gateway_code, ErrorCode.NOTICE, IBKRError, Effect.NOTICE)
    return CodeRow(gateway_code, ErrorCode.INVALID_REQUEST, InvalidRequest, Effect.UNKNOWN)


def order_rejection(gateway_code: int, message: str, order_id: int) -> IBKRError:
    """The typed error for an order that a REJECT code refused before any acknowledgement.

    A code of the request families (200, 321 in read-only mode …) keeps its own class.
    """
    if "Read-Only mode" in message:  # 321 is shared by many causes; only the text tells
        return ReadOnlyApi(message, order_id=order_id, gateway_code=gateway_code)
    return lookup(gateway_code).exception(message, order_id=order_id)
