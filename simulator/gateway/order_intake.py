"""New orders and new terms of old ones: checked, previewed, or given to the broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from simulator import broker as truth
from simulator.broker import BrokerOrder
from simulator.broker.sharing import is_shared
from simulator.gateway.accounts import Accounts
from simulator.gateway.hub import Connection, Hub
from simulator.gateway.moments import dashed_day
from simulator.gateway.order_replies import open_order
from simulator.gateway.texts import TEXTS
from simulator.gateway.validation import (
    Candidate,
    Refusal,
    named_con_ids,
    refusal,
    warnings,
)
from simulator.gateway.what_if import effect
from simulator.instruments import Instrument
from simulator.messages.orders import OpenOrder, PlaceOrder
from simulator.order_types import SYNONYMS, limit_of
from simulator.records import Contract, Order, Status
from simulator.session import MAX_VERSION

REJECTED = 201
BY_HAND = 0
"""The client whose orders are those entered in TWS."""

Publish = Callable[[Iterable[truth.Event]], None]


@dataclass(frozen=True, slots=True)
class _Rejection:
    """What the next new order gets; `client_id` None: of whichever client."""

    code: int
    reason: str
    client_id: int | None


class Intake:
    """Takes orders of clients."""

    def __init__(self, hub: Hub, accounts: Accounts, publish: Publish) -> None:
        self._hub = hub
        self._accounts = accounts
        self._publish = publish
        self._rejections: list[_Rejection] = []
        self.groups: Callable[[], frozenset[str]] = frozenset

    def reject_next(self, code: int, reason: str, *, client_id: int | None = None) -> None:
        """Refuse the next new order, of one client or of any, whatever it is.

        201 is a rejection by the broker: the order is inactive. Any other code is told alone,
        with `reason` in its text or, if the text has no place for one, instead of it.
        """
        self._rejections.append(_Rejection(code, reason, client_id))

    def take_over(self, before: Intake) -> None:
        """Refuse what another gateway of the login was to refuse."""
        self._rejections = before._rejections

    def place(self, connection: Connection, request: PlaceOrder) -> None:
        held = self._hub.broker.order(connection.client_id, request.order_id)
        candidate = self._candidate(
            request.contract,
            request.order,
            client_id=connection.client_id,
            version=connection.session.version,
            held=held,
            order_id=request.order_id,
        )
        refused = refusal(candidate)
        if refused is not None:
            self._refuse(connection, request, refused, held)
            return
        for code in warnings(candidate):
            self._hub.error(connection, request.order_id, code)
        order = normal(request.order, self._hub.settings.accounts[0])
        if order.what_if:
            connection.send(self._preview(connection, request, candidate.instrument, order, held))
            return
        self._submit(connection, request, order, held)

    def objection_by_hand(self, contract: Contract, order: Order) -> str:
        """Why an order entered by hand would be refused, with the code; nothing if it is taken."""
        candidate = self._candidate(
            contract, order, client_id=BY_HAND, version=MAX_VERSION, held=None, order_id=None
        )
        refused = refusal(candidate)
        if refused is None:
            return ""
        return f"{refused.code} {TEXTS[refused.code].format(id=0, **refused.facts)}"

    def _candidate(
        self,
        contract: Contract,
        order: Order,
        *,
        client_id: int,
        version: int,
        held: BrokerOrder | None,
        order_id: int | None,
    ) -> Candidate:
        """`order_id` None: the order has none."""
        broker, settings = self._hub.broker, self._hub.settings
        instruments = broker.database.find(contract)
        is_combo = contract.sec_type == "BAG"
        return Candidate(
            order=order,
            contract=contract,
            instruments=instruments,
            is_expired=not instruments and self._is_expired(contract),
            objection=broker.database.combo_objection(contract) if is_combo else None,
            accounts=settings.accounts,
            withheld=settings.withheld,
            held=held,
            parent=broker.order(client_id, order.parent_id),
            is_old_id=order_id is not None and order_id < broker.next_order_id(client_id),
            version=version,
            gateway_version=settings.server_version,
            now_ms=self._hub.now_ms,
            zone=instruments[0].time_zone if instruments else "UTC",
            unknown_con_ids=frozenset(filter(self._is_unknown, named_con_ids(order))),
            advisor_groups=self.groups() if is_shared(order) else frozenset(),
        )

    def _is_unknown(self, con_id: int) -> bool:
        try:
            self._hub.database[con_id]
        except KeyError:
            return True
        return False

    def _refuse(
        self,
        connection: Connection,
        request: PlaceOrder,
        refused: Refusal,
        held: BrokerOrder | None,
    ) -> None:
        """What the order server refuses is shown as inactive, anything else by its error only."""
        if not refused.is_server or held is not None:
            self._hub.error(connection, request.order_id, refused.code, **refused.facts)
            return
        order = normal(request.order, self._hub.settings.accounts[0])
        self._give(connection, request, order, rejection=str(refused.facts["reason"]))

    def _give(
        self, connection: Connection, request: PlaceOrder, order: Order, rejection: str = ""
    ) -> None:
        events = self._hub.broker.place(
            connection.client_id,
            request.order_id,
            request.contract,
            order,
            self._hub.now_ms,
            rejection=rejection,
        )
        self._publish_with_hours(connection, request, events)

    def _submit(
        self, connection: Connection, request: PlaceOrder, order: Order, held: BrokerOrder | None
    ) -> None:
        broker, now_ms = self._hub.broker, self._hub.now_ms
        if held is not None:
            events = broker.modify(held, order, now_ms)
            self._publish_with_hours(connection, request, events)
            return
        rejection = self._take_rejection(connection.client_id)
        if rejection is not None and rejection.code != REJECTED:
            self._hub.refuse(connection, request.order_id, rejection.code, rejection.reason)
            return
        reason = rejection.reason if rejection is not None else ""
        self._give(connection, request, order, rejection=reason)

    def _take_rejection(self, client_id: int) -> _Rejection | None:
        for rejection in self._rejections:
            if rejection.client_id in {None, client_id}:
                self._rejections.remove(rejection)
                return rejection
        return None

    def _publish_with_hours(
        self, connection: Connection, request: PlaceOrder, events: Iterable[truth.Event]
    ) -> None:
        """Publish; each order of the family that waits for its hours is told when they begin."""
        untold: list[truth.Event] = []
        for event in events:
            untold.append(event)
            if isinstance(event, truth.Replaced) and self._is_early(request, event.order):
                self._publish(untold)
                untold = []
                self._warn_of_hours(connection, event.order)
        self._publish(untold)

    def _is_early(self, request: PlaceOrder, placed: BrokerOrder) -> bool:
        parent_id = request.order.parent_id
        family = {placed.order_id, placed.order.parent_id}
        is_kin = placed.order_id == request.order_id or (parent_id != 0 and parent_id in family)
        return is_kin and self._hub.broker.waits(placed)

    def _warn_of_hours(self, connection: Connection, placed: BrokerOrder) -> None:
        instrument, order = placed.instrument, placed.order
        venue = f"{instrument.primary_exchange or instrument.exchange}.{instrument.trading_class}"
        opens_ms = self._hub.market.opens_ms(
            instrument, self._hub.now_ms, use_rth=not order.outside_rth
        )
        self._hub.error(
            connection,
            placed.order_id,
            399,
            order=f"{order.action} {placed.quantity:f} {instrument.symbol} {venue}",
            opens=dashed_day(opens_ms, instrument.time_zone),
        )

    def _is_expired(self, contract: Contract) -> bool:
        return len(self._hub.database.find(contract, include_expired=True)) == 1

    def _preview(
        self,
        connection: Connection,
        request: PlaceOrder,
        instrument: Instrument,
        order: Order,
        held: BrokerOrder | None,
    ) -> OpenOrder:
        """The one answer to a what-if order; of a live order it previews the change."""
        quantity = self._hub.broker.size_of(instrument, order, self._hub.now_ms)
        quantity -= held.filled if held else 0
        shown = BrokerOrder(
            perm_id=held.perm_id if held else 0,
            client_id=connection.client_id,
            order_id=request.order_id,
            account=order.account or self._hub.settings.accounts[0],
            instrument=instrument,
            contract=request.contract,
            order=order,
            status=Status.PRE_SUBMITTED,
        )
        state = effect(self._hub, self._accounts, instrument, order, quantity)
        return replace(open_order(shown), state=state)


_SHOWN_FOR_UNSET: dict[str, tuple[Any, Any]] = {
    "adjusted_order_type": ("None", ""),
    "aux_price": (0, None),
    "cash_quantity": (0, None),
    "clearing_intent": ("IB", ""),
    "delta_neutral_open_close": ("?", ""),
    "delta_neutral_order_type": ("None", ""),
    "dont_use_auto_price_for_hedge": (True, False),
    "reference_price_type": (0, None),
    "use_price_mgmt_algo": (0, None),
    "volatility_type": (0, None),
}
"""What gateways show of attributes nobody set, and what was meant by it.

Clients that learn an order from its open order send all of that back with new terms.
"""


def normal(order: Order, default_account: str) -> Order:
    """The order with what the gateway fills in, and without what it only shows.

    One for a group is of no account, as it was sent: with both it would be refused (ours).
    """
    order_type = SYNONYMS.get(order.order_type, order.order_type)
    meant: dict[str, Any] = {
        name: unset
        for name, (shown, unset) in _SHOWN_FOR_UNSET.items()
        if getattr(order, name) == shown
    }
    is_trailing = order_type in {"TRAIL", "TRAIL LIMIT"}
    limit = order.limit_price
    if limit is not None:
        limit = limit.normalize() if limit or limit_of(order) is not None else None
    return replace(
        order,
        limit_price=limit,
        total_quantity=order.total_quantity.normalize() if order.total_quantity else None,
        order_type=order_type,
        tif=order.tif or "DAY",
        account="" if is_shared(order) else order.account or default_account,
        oca_type=order.oca_type if order.oca_group else 0,
        trail_stop_price=order.trail_stop_price if is_trailing else None,
        shares_allocation="",
        **meant,
    )
