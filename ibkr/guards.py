"""What may be sent at all: paper accounts, a ready connection, sizes within limits.

It sends nothing and knows no gateway; it only refuses.
Rule: whatever is in doubt is refused, before anything reaches the wire.
"""

import re
from collections.abc import Sequence

from ibkr import kill_switch
from ibkr.connection import ConnectionState
from ibkr.errors import (
    InvalidOrder,
    InvalidRequest,
    LiveTradingRefused,
    NotConnected,
    OrderLimitExceeded,
    ReadOnlyApi,
    SyncFailed,
    TradingHalted,
)
from ibkr.logs import mask_account
from ibkr.models import AccountId, Order
from ibkr.settings import Settings

PAPER_ACCOUNT = re.compile(r"D[UFI][A-Z]?\d+", re.ASCII)
"""Paper and demo accounts: DU, DF (adviser), DI; sometimes one more letter as in DUP."""


def check_accounts(accounts: Sequence[str], settings: Settings) -> None:
    """Accept a session only if it can trade nothing but what the settings allow.

    The accounts come from the wire: a port number proves nothing. Raises SyncFailed when
    there are none, LiveTradingRefused for a live account that was not allowed by both
    `allow_live` and the exact `live_account`, InvalidRequest when `account` is not managed.
    """
    if not accounts:
        raise SyncFailed("the gateway named no managed account")
    allowed_live = {settings.live_account} if settings.allow_live else set()
    for account in accounts:
        if not PAPER_ACCOUNT.fullmatch(account) and account not in allowed_live:
            raise LiveTradingRefused(
                f"account {mask_account(account)} is not a paper account. "
                "Log the gateway in to a paper account, or allow live trading twice: "
                "set allow_live and live_account to this exact account"
            )
    if settings.account and settings.account not in accounts:
        raise InvalidRequest(
            f"account {mask_account(settings.account)} is not managed by this session"
        )


def check_ready(state: ConnectionState) -> None:
    """Raises NotConnected unless the connection is READY."""
    if state is not ConnectionState.READY:
        raise NotConnected(f"the connection is {state}; nothing was sent. Wait for it to be ready")


def check_not_halted(settings: Settings) -> None:
    """Raises TradingHalted while the kill switch is on. For new orders; cancels go out."""
    path = settings.kill_switch
    reason = None if path is None else kill_switch.halted_because(path)
    if reason is not None:
        raise TradingHalted(
            f"trading is halted by the kill switch {path} ({reason}); nothing was sent. "
            "Once it is safe to trade, remove that file: ibkr resume"
        )


def check_order(order: Order, settings: Settings) -> None:
    """Raises ReadOnlyApi or OrderLimitExceeded where the settings do not allow the order."""
    if settings.read_only:
        raise ReadOnlyApi("read_only is set: this client sends no orders")
    limit = settings.max_order_quantity
    if limit is not None and order.quantity > limit:
        raise OrderLimitExceeded(f"quantity {order.quantity} is above max_order_quantity {limit}")
    price = order.stop_price if order.limit_price is None else order.limit_price
    if price is None or settings.max_order_notional is None:
        return
    notional = abs(price * order.quantity)
    if notional > settings.max_order_notional:
        raise OrderLimitExceeded(
            f"limit or stop price times quantity is {notional}, above max_order_notional "
            f"{settings.max_order_notional}"
        )


def choose_account(order: Order, accounts: Sequence[AccountId], settings: Settings) -> AccountId:
    """The account an order trades: its own, else the configured one, else the only one.

    Raises InvalidOrder where that is no managed account or more than one is possible.
    """
    wanted = order.account or settings.account
    if not wanted and len(accounts) == 1:
        return accounts[0]
    if wanted in accounts:
        return AccountId(wanted)
    remedy = "name one of the managed accounts in the order or in the settings"
    raise InvalidOrder(
        f"order field account cannot be {mask_account(wanted) if wanted else 'empty'}: {remedy}",
        field="account",
        value=mask_account(wanted),
    )
