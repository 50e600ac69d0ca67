"""What a test may do to orders, executions and accounts, at the world's time.

It stands where the exchange, the clearing desk and a trader at TWS stand: everything is done
by verbs of the broker and told to clients as if it had happened by itself. Rule: what cannot
be is a `WorldError` that names field and remedy, and nothing has changed then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from simulator.broker import Broker, BrokerOrder, Event, Executed
from simulator.clock import Clock
from simulator.gateway import Gateway
from simulator.gateway.texts import is_complete
from simulator.instruments import Instrument
from simulator.ledger import Ledger, Valuation
from simulator.records import Order, Status
from simulator.state import journal_lines
from simulator.world_settings import WorldError, check_fill_model

EVERYTHING = "*"
"""Stands for all instruments."""

OrderKey = int | tuple[int, int]
"""An order by its permanent id, or by the client's id and the id that client gave it."""

REJECTED = 201
BY_HAND = 0
"""The client whose cancels those at TWS itself are."""

MAX_AMOUNT = Decimal(10) ** 15


class Dealing(ABC):
    """The part of a world that deals with orders and money."""

    broker: Broker
    gateway: Gateway
    clock: Clock
    on_output: Callable[[], None]

    @abstractmethod
    def instrument(self, name: str) -> Instrument:
        """An instrument by its symbol; raises `WorldError` with the known ones."""

    @abstractmethod
    def show(self, instrument: Instrument) -> None:
        """Have everybody see what is displayed of an instrument now."""

    # --- what is asked ---

    def order(self, key: OrderKey) -> BrokerOrder:
        """An order by its permanent id or by (client id, order id); raises `WorldError`."""
        numbers = key if isinstance(key, tuple) else (key,)
        if len(numbers) > 2 or not all(type(each) is int for each in numbers):
            raise WorldError(
                f"an order is named by perm_id or by (client_id, order_id), not {key!r}"
            )
        if isinstance(key, tuple):
            held = self.broker.order(*key)
            name = f"{key[1]} of client {key[0]}"
        else:
            held = self.broker.truth.orders.get(key)
            name = str(key)
        if held is None:
            raise WorldError(f"no order {name}; name one by perm_id or by (client_id, order_id)")
        return held

    def execution(self, exec_id: str) -> Executed:
        """An execution, by the id of any of its revisions, as it stands now."""
        executed = self.broker.truth.execution(exec_id) if isinstance(exec_id, str) else None
        if executed is None:
            raise WorldError(f"exec_id {exec_id!r} is of no execution; use the id of one there is")
        return executed

    def account(self, account: str) -> Valuation:
        """An account at the prices of now; raises `WorldError` for one of another login."""
        return self.broker.appraiser.value(self._ledger(account), self.clock.now_ms())

    def fill_model(self, name: str) -> str:
        """The fill model of an instrument; raises `WorldError` for an unknown one."""
        return self.broker.fill_model(self.instrument(name))

    def journal(self, after: int = 0) -> list[str]:
        """What the broker did, a line of JSON for each event, from sequence `after` + 1 on."""
        if not (isinstance(after, int) and after >= 0):
            raise WorldError(f"after must be 0 or a sequence number, not {after!r}")
        return list(journal_lines(self.broker.journal[after:]))

    # --- orders ---

    def set_fill_model(self, name: str, instrument: str = EVERYTHING) -> None:
        """Fill by another model from now on: one instrument, or all of them (`*`).

        What the new model would fill is filled at once. Raises `WorldError` for an unknown
        model or instrument.
        """
        check_fill_model(name)
        if instrument == EVERYTHING:
            self.broker.set_fill_model(name)
            concerned = self.broker.instruments_at_work()
        else:
            concerned = [self.instrument(instrument)]
            self.broker.set_fill_model(name, concerned[0])
        for each in concerned:
            self.show(each)

    def fill(self, order: OrderKey, quantity: Decimal, price: Decimal) -> BrokerOrder:
        """Fill a part of a live order at a price, whatever the market shows or the order says.

        The order is returned as it is then. Raises `WorldError` for an order that is not
        live, for more than is left of it, and for a price that is none.
        """
        held = self._live(order, "filled")
        quantity = _positive("quantity", quantity)
        price = _price(price, held.instrument)
        if held.instruction is not None:
            raise WorldError(
                f"order {held.perm_id} instructs the clearing house; advance the clock to carry "
                "it out"
            )
        if quantity > held.remaining:
            raise WorldError(
                f"quantity {quantity} is more than the {held.remaining} left of order "
                f"{held.perm_id}; fill that or less"
            )
        if quantity % held.instrument.size_increment:
            raise WorldError(
                f"quantity {quantity} must be a multiple of {held.instrument.size_increment}"
            )
        self._publish(self.broker.fill(held, quantity, price, self.clock.now_ms()))
        return self.broker.truth.orders[held.perm_id]

    def reject_next(self, code: int, reason: str = "", client_id: int | None = None) -> None:
        """Refuse the next new order, of one client or of any, whatever it is.

        201 is a rejection by the broker: the order is inactive. Any other code is told alone,
        as of an order that never was. `reason` is what the text of the code leaves open, and
        the whole text of a code that has none; it is needed where there is nothing else.
        """
        if not (isinstance(code, int) and code >= 1):
            raise WorldError(f"code must be an error code of a gateway, such as 201, not {code!r}")
        if not reason and not is_complete(code):
            raise WorldError(f"reason must be given for code {code}, which has no text of its own")
        if not (
            isinstance(reason, str) and reason.isascii() and (reason.isprintable() or not reason)
        ):
            raise WorldError(f"reason must be printable ASCII text, not {reason!r}")
        if not (client_id is None or (isinstance(client_id, int) and client_id >= 0)):
            raise WorldError(f"client_id must be 0 or more, or None for any, not {client_id!r}")
        self.gateway.orders.intake.reject_next(code, reason, client_id=client_id)

    def place_manual(self, symbol: str, order: Order) -> BrokerOrder:
        """Place an order as if by hand in TWS: of client 0, with no id until that is bound.

        Raises `WorldError` with the code and the text for what a gateway would refuse.
        """
        instrument = self.instrument(symbol)
        if not isinstance(order, Order):
            raise WorldError(f"order must be a simulator.records.Order, not {order!r}")
        if order.what_if or not order.transmit:
            raise WorldError(
                "an order by hand is transmitted and no preview; leave both as they are"
            )
        self.gateway.hub.now_ms = self.clock.now_ms()
        contract = instrument.contract()
        refused = self.gateway.orders.intake.objection_by_hand(contract, order)
        if refused:
            raise WorldError(f"the order would be refused: {refused}; change it")
        placed = self.gateway.orders.place_manual(contract, order)
        self.on_output()
        return placed

    def cancel_manual(self, order: OrderKey) -> BrokerOrder:
        """Cancel a live order as if by hand in TWS, whoever placed it."""
        held = self._live(order, "cancelled")
        self._publish(self.broker.cancel(held, self.clock.now_ms(), by_client_id=BY_HAND))
        return self.broker.truth.orders[held.perm_id]

    # --- executions and accounts ---

    def correct(
        self, exec_id: str, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> Executed:
        """Give an execution another price or quantity, or both; the books are kept anew.

        The new revision is returned; its id ends one higher. The status of the order stays,
        and what is taken off a live order is worked again. Raises `WorldError` for an
        execution that is none or was busted, and for more than was ordered.
        """
        executed = self._standing(exec_id)
        if price is None and quantity is None:
            raise WorldError("price or quantity must be given; to undo an execution, bust it")
        before = executed.execution
        price = before.price if price is None else _price(price, executed.instrument)
        quantity = before.shares if quantity is None else _positive("quantity", quantity)
        self._check_fits(executed, quantity)
        return self._revise(executed, quantity, price)

    def bust(self, exec_id: str) -> Executed:
        """Undo an execution: it stays in the record, with no shares, and moves nothing."""
        executed = self._standing(exec_id)
        return self._revise(executed, Decimal(0), executed.execution.price)

    def move_cash(self, account: str, currency: str, amount: Decimal) -> Decimal:
        """Pay money into an account, or out of it if negative; returns what it has then.

        Raises `WorldError` for an unknown account or currency, and for no amount.
        """
        ledger = self._ledger(account)
        currencies = {instrument.currency for instrument in self.broker.database}
        if currency not in currencies | ledger.cash.keys():
            known = ", ".join(sorted(currencies))
            raise WorldError(f"currency {currency!r} is not known; use one of {known}")
        amount = number("amount", amount)
        if not amount:
            raise WorldError("amount must not be 0; use a negative one to pay money out")
        self._publish(self.broker.move_cash(account, currency, amount, self.clock.now_ms()))
        return self.broker.ledgers[account].cash[currency]

    # --- inside ---

    def _publish(self, events: list[Event]) -> None:
        self.gateway.publish(events, self.clock.now_ms())
        self.on_output()

    def _ledger(self, account: str) -> Ledger:
        ledger = self.broker.ledgers.get(account)
        if ledger is None:
            known = ", ".join(self.broker.ledgers)
            raise WorldError(f"account {account!r} is not of this login; use one of {known}")
        return ledger

    def _live(self, key: OrderKey, done: str) -> BrokerOrder:
        held = self.order(key)
        if held.status is Status.PENDING_SUBMIT:
            raise WorldError(f"order {held.perm_id} is not transmitted yet and cannot be {done}")
        if not held.is_live:
            raise WorldError(
                f"order {held.perm_id} is {held.status} and cannot be {done}; name a live one"
            )
        return held

    def _standing(self, exec_id: str) -> Executed:
        """An execution that can be revised."""
        executed = self.execution(exec_id)
        if not executed.execution.shares:
            raise WorldError(f"exec_id {exec_id!r} is busted already; a bust is for good")
        if not executed.is_booked:
            raise WorldError(
                f"exec_id {exec_id!r} is that of a whole combination; revise those of its legs"
            )
        return executed

    def _check_fits(self, executed: Executed, quantity: Decimal) -> None:
        """An order cannot have more filled than ordered, nor be filled by a correction."""
        held = self.broker.truth.orders[executed.order.perm_id]
        if held.instrument.legs:
            return
        most = held.remaining + executed.execution.shares
        if quantity > most:
            raise WorldError(f"quantity {quantity} is more than was ordered; use {most} or less")
        if quantity == most and held.is_live:
            raise WorldError(
                f"quantity {quantity} would fill order {held.perm_id}, which is live; use less, "
                "or fill the order"
            )

    def _revise(self, executed: Executed, quantity: Decimal, price: Decimal) -> Executed:
        now_ms, exec_id = self.clock.now_ms(), executed.execution.exec_id
        self._publish(self.broker.revise(executed, quantity=quantity, price=price, now_ms=now_ms))
        return self.execution(exec_id)


def number(field: str, value: Decimal) -> Decimal:
    """A number within reason; whole numbers and text are taken, too."""
    try:
        exact = Decimal(value) if isinstance(value, Decimal | int | str) else Decimal("NaN")
    except InvalidOperation:
        exact = Decimal("NaN")
    if not (exact.is_finite() and abs(exact) < MAX_AMOUNT):
        raise WorldError(f"{field} must be a finite Decimal below {MAX_AMOUNT:.0e}, not {value!r}")
    return exact


def _positive(field: str, value: Decimal) -> Decimal:
    exact = number(field, value)
    if exact <= 0:
        raise WorldError(f"{field} must be a positive number, not {value}")
    return exact


def _price(value: Decimal, instrument: Instrument) -> Decimal:
    """A price; only that of a combination may be zero or less."""
    return number("price", value) if instrument.legs else _positive("price", value)
