"""What callers see of orders: everything but whole account ids.

It knows the models and no route. Rule: whoever may read, or find a log of what was read, learns
no account id; what a caller named itself, a key or an order reference, is given back as it is.
"""

from dataclasses import replace

from ibkr.logs import mask_account, mask_accounts
from ibkr.models import (
    CommissionReported,
    Fill,
    OrderEvent,
    OrderFilled,
    OrderNotice,
    OrderResult,
    OrderStatusChanged,
)


def order_shown(result: OrderResult) -> OrderResult:
    return replace(
        result,
        order=replace(result.order, account=_masked(result.order.account)),
        fills=tuple(_fill_shown(fill) for fill in result.fills),
        reject_reason=mask_accounts(result.reject_reason),
    )


def event_shown(event: OrderEvent) -> OrderEvent:
    match event:
        case OrderStatusChanged(result):
            return OrderStatusChanged(order_shown(result))
        case OrderFilled(fill, result):
            return OrderFilled(_fill_shown(fill), order_shown(result))
        case CommissionReported(fill, result):
            return CommissionReported(_fill_shown(fill), order_shown(result))
        case OrderNotice(order_id, code, message):
            return OrderNotice(order_id, code, mask_accounts(message))


def _fill_shown(fill: Fill) -> Fill:
    return replace(fill, account=_masked(fill.account))


def _masked(account: str) -> str:
    return mask_account(account) if account else ""
