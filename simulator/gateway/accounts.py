"""Account streams: values, portfolio, summary, positions.

A subscription remembers the rows it sent last and gets what changed: at once after a
fill, and every three minutes as from a real gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from simulator.gateway.account_values import Row, account_rows, ledger_rows
from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.instruments import Instrument
from simulator.ledger import Ledger, Position, Valuation, Valued
from simulator.messages.account import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    CancelPositionsMulti,
    PortfolioValue,
    PositionData,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestPositions,
    RequestPositionsMulti,
)
from simulator.records import Contract

REFRESH_MS = 180_000
"""How often account values are looked at again: three minutes, which cannot be changed."""

MAX_SUMMARIES = 2
"""Summaries a client can have at once: the vendor's documentation."""

TOO_MANY_SUMMARIES = (
    "-'b1' : cause - Maximum number of account summary requests exceeded; "
    "desubscribe to previous request first"
)
MOVED = "New account data requested from TWS. "
"""Why a client is told of the end of its account data: it asked for that of another account."""

_CENT = Decimal("0.01")
_FINE = Decimal("0.0000001")


@dataclass(slots=True)
class Subscription:
    """One stream of rows: whose, and what was sent last."""

    accounts: tuple[str, ...]
    tags: frozenset[str] = frozenset()
    model_code: str = ""
    sent: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def changed(self, account: str, rows: Iterable[Row]) -> list[Row]:
        """The rows that differ from what was sent last; from now on they are sent."""
        news = [row for row in rows if self.sent.get((account, row[0], row[2])) != row[1]]
        self.sent.update({(account, key, currency): text for key, text, currency in news})
        return news


class Accounts:
    """The account subscriptions of all clients.

    `members_of` tells the accounts of an advisor's group, none of a group that there is not.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._positions: dict[Connection, None] = {}
        self._updates: dict[Connection, Subscription] = {}
        self._multi: dict[tuple[Connection, int], Subscription] = {}
        self._summaries: dict[tuple[Connection, int], Subscription] = {}
        self._positions_multi: dict[tuple[Connection, int], tuple[str, ...]] = {}
        self._is_refreshing = False
        self.members_of: Callable[[str], tuple[str, ...]] = lambda _: ()

    def handlers(self) -> Handlers:
        return {
            RequestPositions: self._request_positions,
            CancelPositions: lambda connection, _: self._positions.pop(connection, None),
            RequestPositionsMulti: self._request_positions_multi,
            CancelPositionsMulti: lambda c, r: self._positions_multi.pop((c, r.req_id), None),
            RequestAccountUpdates: self._request_updates,
            RequestAccountUpdatesMulti: self._request_multi,
            CancelAccountUpdatesMulti: lambda c, r: self._multi.pop((c, r.req_id), None),
            RequestAccountSummary: self._request_summary,
            CancelAccountSummary: lambda c, r: self._summaries.pop((c, r.req_id), None),
        }

    def forget(self, connection: Connection) -> None:
        self._positions.pop(connection, None)
        self._updates.pop(connection, None)
        for streams in (self._multi, self._summaries, self._positions_multi):
            _forget(streams, connection)

    def on_fill(self, account: str, instrument: Instrument) -> None:
        """A fill moved an account: positions at once, then what changed in its values."""
        position = self._hub.broker.ledgers[account].positions[instrument.con_id]
        for connection in self._positions:
            connection.send(_position_data(account, position))
        for (connection, req_id), accounts in self._positions_multi.items():
            if account in accounts:
                connection.send(_position_multi(req_id, account, position))
        valuation = self.valuation(account)
        for connection, stream in self._updates.items():
            if account in stream.accounts:
                self._send_portfolio(connection, valuation, instrument)
        self._send_changes(valuation)

    def on_cash(self, account: str) -> None:
        """Money was paid in or out."""
        self._send_changes(self.valuation(account))

    def valuation(self, account: str) -> Valuation:
        """The account at the present prices."""
        return self.value_of(self._hub.broker.ledgers[account])

    def value_of(self, ledger: Ledger) -> Valuation:
        """Any ledger at the present prices."""
        return self._hub.broker.appraiser.value(ledger, self._hub.now_ms)

    # --- requests ---

    def _request_positions(self, connection: Connection, request: RequestPositions) -> None:
        del request
        for account in self._hub.settings.accounts:
            for position in self._hub.broker.positions(account):
                if position.quantity:
                    connection.send(_position_data(account, position))
        connection.send(PositionEnd())
        self._positions[connection] = None

    def _request_positions_multi(
        self, connection: Connection, request: RequestPositionsMulti
    ) -> None:
        if not self._is_new(connection, request.req_id, self._positions_multi):
            return
        accounts = self._accounts(connection, request.req_id, request.account)
        if not accounts:
            return
        if request.model_code:
            cause = f"model portfolios are not modelled: '{request.model_code}'"
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return
        for account in accounts:
            for position in self._hub.broker.positions(account):
                if position.quantity:
                    connection.send(_position_multi(request.req_id, account, position))
        connection.send(PositionMultiEnd(request.req_id))
        self._positions_multi[connection, request.req_id] = accounts

    def _request_updates(self, connection: Connection, request: RequestAccountUpdates) -> None:
        """A second request gets everything again. Old gateways were seen to stay silent then
        (ib_insync issue 93), which leaves a caller waiting for ever.
        """
        before = self._updates.pop(connection, None)
        if not request.subscribe:
            if before is not None:
                self._hub.error(connection, SYSTEM, 2100, cause="")
            return
        accounts = self._accounts(connection, SYSTEM, request.account)
        if not accounts:
            return
        account = accounts[0]
        if before is not None and before.accounts != (account,):
            self._hub.error(connection, SYSTEM, 2100, cause=MOVED)
        stream = self._updates[connection] = Subscription((account,))
        valuation = self.valuation(account)
        rows = _rows(valuation)
        for key, text, currency in stream.changed(account, rows):
            connection.send(AccountValue(key, text, currency, account))
        self._send_portfolio(connection, valuation)
        connection.send(AccountUpdateTime(self._hour()), AccountDownloadEnd(account))
        self._refresh_later()

    def _request_multi(self, connection: Connection, request: RequestAccountUpdatesMulti) -> None:
        if not self._is_new(connection, request.req_id, self._multi):
            return
        accounts = self._accounts(connection, request.req_id, request.account)
        if not accounts:
            return
        stream = Subscription(accounts, model_code=request.model_code)
        self._multi[connection, request.req_id] = stream
        for account in accounts:
            self._send_multi(connection, request.req_id, stream, self.valuation(account))
        connection.send(AccountUpdateMultiEnd(request.req_id))
        self._refresh_later()

    def _request_summary(self, connection: Connection, request: RequestAccountSummary) -> None:
        if not self._is_new(connection, request.req_id, self._summaries):
            return
        if sum(key[0] is connection for key in self._summaries) >= MAX_SUMMARIES:
            self._hub.error(connection, request.req_id, 322, cause=TOO_MANY_SUMMARIES)
            return
        group = "" if request.group == "All" else request.group
        accounts = self.members_of(group) or self._accounts(connection, request.req_id, group)
        if not accounts:
            return
        tags = frozenset(filter(None, request.tags.split(",")))
        stream = Subscription(accounts, tags)
        self._summaries[connection, request.req_id] = stream
        for account in accounts:
            self._send_summary(connection, request.req_id, stream, self.valuation(account))
        connection.send(AccountSummaryEnd(request.req_id))
        self._refresh_later()

    def _is_new(
        self, connection: Connection, req_id: int, streams: Mapping[tuple[Connection, int], object]
    ) -> bool:
        """Whether a request id is free; False after an error said that it is not."""
        if (connection, req_id) not in streams:
            return True
        self._hub.error(connection, req_id, 322, cause=DUPLICATE_TICKER_ID)
        return False

    def _accounts(self, connection: Connection, id_: int, account: str) -> tuple[str, ...]:
        """The accounts a request means; none after an error was sent."""
        known = self._hub.settings.accounts
        if not account:
            return known
        if account not in known:
            self._hub.error(connection, id_, 321, cause=f"Invalid account code '{account}'.")
            return ()
        return (account,)

    # --- replies ---

    def _send_changes(self, valuation: Valuation) -> None:
        account = valuation.account
        rows = _rows(valuation)
        for connection, stream in self._updates.items():
            if account in stream.accounts and (news := stream.changed(account, rows)):
                connection.send(*(AccountValue(*row, account) for row in news))
                connection.send(AccountUpdateTime(self._hour()))
        for (connection, req_id), stream in self._multi.items():
            if account in stream.accounts:
                self._send_multi(connection, req_id, stream, valuation)

    def _send_multi(
        self, connection: Connection, req_id: int, stream: Subscription, valuation: Valuation
    ) -> None:
        account = valuation.account
        rows = _rows(valuation)
        for key, text, currency in stream.changed(account, rows):
            connection.send(
                AccountUpdateMulti(req_id, account, stream.model_code, key, text, currency)
            )

    def _send_summary(
        self, connection: Connection, req_id: int, stream: Subscription, valuation: Valuation
    ) -> None:
        rows = [row for row in account_rows(valuation) if row[0] in stream.tags]
        rows += [
            (f"$LEDGER-{key}", text, currency)
            for key, text, currency in ledger_rows(valuation)
            if _asks_ledger(stream.tags, currency)
        ]
        for key, text, currency in stream.changed(valuation.account, rows):
            connection.send(AccountSummary(req_id, valuation.account, key, text, currency))

    def _send_portfolio(
        self, connection: Connection, valuation: Valuation, only: Instrument | None = None
    ) -> None:
        """Portfolio rows, each followed by the time of its mark."""
        for valued in valuation.positions:
            if only is valued.position.instrument or (only is None and valued.position.quantity):
                connection.send(
                    _portfolio_value(valuation.account, valued), AccountUpdateTime(self._hour())
                )

    def _refresh_later(self) -> None:
        if not self._is_refreshing:
            self._is_refreshing = True
            self._hub.plan(self._hub.now_ms + REFRESH_MS, self._refresh)

    def _refresh(self) -> None:
        self._is_refreshing = False
        for account in self._hub.settings.accounts:
            valuation = self.valuation(account)
            for connection, stream in self._updates.items():
                if account in stream.accounts:
                    self._send_portfolio(connection, valuation)
            self._send_changes(valuation)
            for (connection, req_id), stream in self._summaries.items():
                if account in stream.accounts:
                    self._send_summary(connection, req_id, stream, valuation)
        if self._updates or self._multi or self._summaries:
            self._refresh_later()

    def _hour(self) -> str:
        return f"{datetime.fromtimestamp(self._hub.now_ms / 1000, UTC):%H:%M}"


def _rows(valuation: Valuation) -> list[Row]:
    """All rows of an account, alphabetical; one that is of the account and of its currency once."""
    return sorted({*account_rows(valuation), *ledger_rows(valuation)})


def _asks_ledger(tags: frozenset[str], currency: str) -> bool:
    """`$LEDGER` alone asks for the base currency, `$LEDGER:EUR` for one, `:ALL` for all."""
    wanted = {tag.partition(":")[2] or "BASE" for tag in tags if tag.startswith("$LEDGER")}
    return "ALL" in wanted or currency in wanted


def _held_contract(instrument: Instrument) -> Contract:
    """A held contract names its listing exchange, never SMART."""
    return replace(instrument.contract(), exchange=instrument.primary_exchange)


def _position_data(account: str, position: Position) -> PositionData:
    return PositionData(
        account,
        _held_contract(position.instrument),
        position.quantity,
        _fine(position.average_cost),
    )


def _position_multi(req_id: int, account: str, position: Position) -> PositionMulti:
    data = _position_data(account, position)
    return PositionMulti(req_id, account, data.contract, data.position, data.average_cost)


def _forget(streams: dict[tuple[Connection, int], Any], connection: Connection) -> None:
    for key in [key for key in streams if key[0] is connection]:
        del streams[key]


def _portfolio_value(account: str, valued: Valued) -> PortfolioValue:
    position = valued.position
    return PortfolioValue(
        _held_contract(position.instrument),
        position.quantity,
        _fine(valued.price),
        valued.market_value.quantize(_CENT),
        _fine(position.average_cost),
        valued.unrealized_pnl.quantize(_CENT),
        position.realized_pnl.quantize(_CENT),
        account,
    )


def _fine(number: Decimal) -> Decimal:
    """Seven decimals, as captured average costs have."""
    return number.quantize(_FINE).normalize()
