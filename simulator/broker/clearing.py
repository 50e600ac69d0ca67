"""Options and cash: exercise, lapse, delivery, money paid in and out.

What the clearing house does to accounts, beside any trading.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulator.broker.booking import Booking, Trade
from simulator.broker.records import (
    Accepted,
    BrokerOrder,
    Cancelled,
    CashMoved,
    Change,
    Gate,
    Instruction,
)
from simulator.broker.scribe import Scribe
from simulator.expiry import expired
from simulator.instruments import ContractDatabase, Instrument
from simulator.ledger import Fill
from simulator.market import Market
from simulator.matching import Side
from simulator.records import Order, Status

ZERO = Decimal(0)
EXERCISE_FAILED = "Exercise/Lapse failed due to server rejection."


class Clearing:
    """Carries out what is not traded."""

    def __init__(
        self, scribe: Scribe, booking: Booking, database: ContractDatabase, market: Market
    ) -> None:
        self._scribe = scribe
        self._booking = booking
        self._database = database
        self._market = market

    def parity(self, option: Instrument, now_ms: int) -> Decimal:
        """What exercising gains by unit of the underlying; negative out of the money."""
        underlying = self._database[option.under_con_id]
        gain = self._market.quote(underlying, now_ms).mark - option.strike
        return gain if option.right == "C" else -gain

    def move_cash(self, account: str, currency: str, amount: Decimal) -> None:
        self._scribe.truth.ledgers[account].deposit(currency, amount)
        self._scribe.write(CashMoved(account, currency, amount))

    def instruct(
        self,
        instruction: Instruction,
        option: Instrument,
        *,
        client_id: int,
        order_id: int,
        account: str,
        quantity: Decimal,
    ) -> BrokerOrder:
        """Take an instruction for an option held; it works until it is carried out."""
        now_ms = self._scribe.now_ms
        terms = Order(action=Side.BUY, total_quantity=quantity, order_type="LMT", tif="DAY")
        order = BrokerOrder(
            perm_id=self._scribe.truth.new_perm_id(),
            client_id=client_id,
            order_id=order_id,
            account=account,
            instrument=option,
            contract=option.contract(),
            order=replace(terms, limit_price=ZERO, account=account),
            status=Status.PRE_SUBMITTED,
            changed_ms=now_ms,
            placed_ms=now_ms,
            quantity=quantity,
            instruction=instruction,
            gate=Gate.TIME,
        )
        self._scribe.write(Accepted(order))
        return order

    def carry_out(self, held: BrokerOrder) -> None:
        """Close the options of an instruction and deliver what an exercise is worth.

        An option on an index and a warrant are worth their parity in cash, any other its underlying at the
        strike. Nothing is charged. Options that are not held any more are not exercised.
        """
        option = held.instrument
        position = self._scribe.truth.ledgers[held.account].positions.get(option.con_id)
        if position is None or position.quantity < held.quantity:
            after = self._scribe.changed(held, Change.CANCELLED, ending=EXERCISE_FAILED)
            self._scribe.write(Cancelled(after, EXERCISE_FAILED))
            return
        price, delivered = ZERO, ZERO
        underlying = self._database[option.under_con_id]
        if held.instruction is Instruction.EXERCISE:
            delivered = held.quantity * option.multiplier / underlying.multiplier
            if underlying.sec_type == "IND" or option.sec_type == "WAR":
                gain = max(ZERO, self.parity(option, self._scribe.now_ms))
                price, delivered = gain * option.multiplier / option.price_multiplier, ZERO
        self._booking.book(held, _handed_in(held, price))
        if delivered:
            self._deliver(held, underlying, delivered)

    def settle(self, instrument: Instrument) -> None:
        """Book the end of a derivative in every account that holds some."""
        for account, ledger in self._scribe.truth.ledgers.items():
            position = ledger.positions.get(instrument.con_id)
            if position is None:
                continue
            settlements = expired(
                [position], self._scribe.now_ms, self._mark, self._database.__getitem__
            )
            for fill in (fill for settlement in settlements for fill in settlement.fills):
                self._book_without_order(account, fill)

    def _mark(self, instrument: Instrument) -> Decimal:
        return self._market.quote(instrument, self._scribe.now_ms).mark

    def _book_without_order(self, account: str, fill: Fill) -> None:
        """Book what nobody ordered; it is shown as an order without an id."""
        instrument, quantity = fill.instrument, abs(fill.quantity)
        is_purchase = fill.quantity > 0
        order = BrokerOrder(
            perm_id=self._scribe.truth.new_perm_id(),
            client_id=0,
            order_id=0,
            account=account,
            instrument=instrument,
            contract=instrument.contract(),
            order=Order(
                action=Side.BUY if is_purchase else Side.SELL,
                total_quantity=quantity,
                order_type="LMT",
                limit_price=fill.price,
                tif="DAY",
                account=account,
            ),
            status=Status.PRE_SUBMITTED,
            placed_ms=self._scribe.now_ms,
            quantity=quantity,
        )
        trade = Trade(
            instrument=instrument,
            is_purchase=is_purchase,
            quantity=quantity,
            price=fill.price,
            account=account,
            exchange=instrument.primary_exchange or instrument.exchange,
            is_free=True,
        )
        self._booking.book(order, trade)

    def _deliver(self, held: BrokerOrder, underlying: Instrument, quantity: Decimal) -> None:
        """Book the underlying of exercised options, as a trade at the strike without an order."""
        side = Side.BUY if held.instrument.right == "C" else Side.SELL
        strike = held.instrument.strike
        delivery = replace(
            held,
            perm_id=self._scribe.truth.new_perm_id(),
            order_id=0,
            instrument=underlying,
            contract=underlying.contract(),
            order=replace(held.order, action=side, total_quantity=quantity, limit_price=strike),
            quantity=quantity,
        )
        trade = Trade(
            instrument=underlying,
            is_purchase=side is Side.BUY,
            quantity=quantity,
            price=strike,
            account=held.account,
            exchange=underlying.primary_exchange or underlying.exchange,
            is_free=True,
        )
        self._booking.book(delivery, trade)


def _handed_in(held: BrokerOrder, price: Decimal) -> Trade:
    """Options exercised or left to lapse leave the account."""
    return Trade(
        instrument=held.instrument,
        is_purchase=False,
        quantity=held.quantity,
        price=price,
        account=held.account,
        exchange=held.instrument.primary_exchange or held.instrument.exchange,
        is_free=True,
    )


def night_ms(option: Instrument, now_ms: int) -> int:
    """The next midnight where the option is traded."""
    here = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(option.time_zone))
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp() * 1000)
