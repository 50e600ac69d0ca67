"""Profit and loss: of an account and of one position, looked at once a second.

Daily profit is counted from the close before the day (UTC, as the day of a quote) and from
the price of each fill since, fees included. All amounts are in the base currency.
A subscriber is told at once and then at each second that changed something.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.broker import Executed
from simulator.gateway.accounts import Accounts
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.ledger import Valuation, Valued, fee_in_own_currency
from simulator.messages.account import (
    CancelPnL,
    CancelPnLSingle,
    PnL,
    PnLSingle,
    RequestPnL,
    RequestPnLSingle,
)

BEAT_MS = 1000
DAY_MS = 86_400_000
ZERO = Decimal(0)
_FINE = Decimal("0.00000001")

Key = tuple[Connection, type, int]
Report = PnL | PnLSingle


class ProfitAndLoss:
    """The PnL subscriptions of all clients.

    A position that does not exist is 2150 and then a row of nothing, as captured; the
    subscription lives and finds the position once there is one.
    """

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub = hub
        self._accounts = accounts
        self._reports: dict[Key, Callable[[], Report]] = {}
        self._sent: dict[Key, Report] = {}
        self._is_beating = False

    def handlers(self) -> Handlers:
        return {
            RequestPnL: self._request,
            RequestPnLSingle: self._request_single,
            CancelPnL: lambda c, r: self._drop((c, RequestPnL, r.req_id)),
            CancelPnLSingle: lambda c, r: self._drop((c, RequestPnLSingle, r.req_id)),
        }

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._reports if key[0] is connection]:
            self._drop(key)

    def _request(self, connection: Connection, request: RequestPnL) -> None:
        if self._is_valid(connection, request):
            self._open(connection, request, lambda: self._of_account(request))

    def _request_single(self, connection: Connection, request: RequestPnLSingle) -> None:
        if not self._is_valid(connection, request):
            return
        if self._held(request) is None:
            self._hub.error(connection, request.req_id, 2150)
        self._open(connection, request, lambda: self._of_position(request))

    def _is_valid(self, connection: Connection, request: RequestPnL | RequestPnLSingle) -> bool:
        cause = None
        if (connection, type(request), request.req_id) in self._reports:
            self._hub.error(connection, request.req_id, 322, cause=DUPLICATE_TICKER_ID)
            return False
        if request.account not in self._hub.settings.accounts:
            cause = f"Invalid account code '{request.account}'."
        elif request.model_code:
            cause = f"model portfolios are not modelled: '{request.model_code}'"
        if cause is not None:
            self._hub.error(connection, request.req_id, 321, cause=cause)
        return cause is None

    def _open(
        self,
        connection: Connection,
        request: RequestPnL | RequestPnLSingle,
        report: Callable[[], Report],
    ) -> None:
        key = (connection, type(request), request.req_id)
        self._reports[key] = report
        self._send(key)
        if not self._is_beating:
            self._is_beating = True
            self._hub.plan(self._hub.now_ms + BEAT_MS, self._on_beat)

    def _drop(self, key: Key) -> None:
        """A cancel of what is not there is not answered."""
        self._reports.pop(key, None)
        self._sent.pop(key, None)

    def _send(self, key: Key) -> None:
        report = self._reports[key]()
        if self._sent.get(key) != report:
            self._sent[key] = report
            key[0].send(report)

    def _on_beat(self) -> None:
        self._is_beating = bool(self._reports)
        for key in self._reports:
            self._send(key)
        if self._is_beating:
            self._hub.plan(self._hub.now_ms + BEAT_MS, self._on_beat)

    # --- figures ---

    def _of_account(self, request: RequestPnL) -> PnL:
        valuation = self._accounts.valuation(request.account)
        today = self._today(request.account)
        daily = realized = ZERO
        for valued in valuation.positions:
            rate = valuation.rates[valued.position.instrument.currency]
            fills = [e for e in today if _con_id(e) == valued.position.instrument.con_id]
            daily += self._daily(valued, fills) * rate
            realized += sum((e.realized_pnl or ZERO for e in fills), ZERO) * rate
        return PnL(request.req_id, _fine(daily), _fine(valuation.unrealized_pnl), _fine(realized))

    def _of_position(self, request: RequestPnLSingle) -> PnLSingle:
        found = self._held(request)
        if found is None:
            return PnLSingle(request.req_id, ZERO, None, None, None, None)
        valuation, valued = found
        rate = valuation.rates[valued.position.instrument.currency]
        fills = [e for e in self._today(request.account) if _con_id(e) == request.con_id]
        realized = [e.realized_pnl for e in fills if e.realized_pnl is not None]
        return PnLSingle(
            request.req_id,
            valued.position.quantity,
            _fine(self._daily(valued, fills) * rate),
            _fine(valued.unrealized_pnl * rate),
            _fine(sum(realized, ZERO) * rate) if realized else None,
            _fine(valued.market_value * rate),
        )

    def _held(self, request: RequestPnLSingle) -> tuple[Valuation, Valued] | None:
        valuation = self._accounts.valuation(request.account)
        for valued in valuation.positions:
            if valued.position.instrument.con_id == request.con_id:
                return valuation, valued
        return None

    def _today(self, account: str) -> list[Executed]:
        """The fills of an account since the day began; not those that were busted since."""
        midnight = self._hub.now_ms // DAY_MS * DAY_MS
        fills = []
        for executed in reversed(self._hub.broker.executions):
            if executed.time_ms < midnight:
                break
            is_there = executed.is_booked and executed.execution.shares
            if is_there and executed.execution.account == account:
                fills.append(executed)
        return fills

    def _daily(self, valued: Valued, fills: list[Executed]) -> Decimal:
        """What the day made of what was held at its beginning and traded since."""
        position = valued.position
        close = self._hub.market.quote(position.instrument, self._hub.now_ms).close
        traded = sum((_signed(e) for e in fills), ZERO)
        held_before = position.quantity - traded
        each = position.instrument.price_multiplier
        moved = position.quantity * valued.price - held_before * close
        moved -= sum((_signed(e) * e.execution.price for e in fills), ZERO)
        return moved * each - sum((_fee(e) for e in fills), ZERO)


def _con_id(executed: Executed) -> int:
    return executed.instrument.con_id


def _signed(executed: Executed) -> Decimal:
    shares = executed.execution.shares
    return shares if executed.execution.side == "BOT" else -shares


def _fee(executed: Executed) -> Decimal:
    """The fee in the currency of the instrument; that of a pair of dollars at its price."""
    price = executed.execution.price
    return fee_in_own_currency(executed.instrument, executed.commission, price)


def _fine(amount: Decimal) -> Decimal:
    return amount.quantize(_FINE).normalize()
