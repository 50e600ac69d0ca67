"""Instructions for options held: exercise and lapse.

As captured: notice 10349 (of new gateways), then the instruction as an order whose id is that of the
request, pre-submitted, with 322 and a cancelled order when it fails. It is carried out by
the clearing house over night (midnight of the option's time zone) and may be cancelled
like an order until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from simulator import broker as truth
from simulator.broker import Instruction
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.orders import Orders
from simulator.instruments import Instrument
from simulator.messages.orders import ExerciseOptions

EXERCISABLE = frozenset({"OPT", "FOP", "WAR"})
PRESET_NOTICE_SINCE = 200
"""The only version at which notice 10349 was captured; clients of old take it for an error."""

NOT_IN_THE_MONEY = "Exercise ignored because option is not in-the-money."
REJECTED = "Exercise/Lapse failed due to server rejection."

Objection = tuple[int, dict[str, object]]
Publish = Callable[[Iterable[truth.Event]], None]


class Exercises:
    """Takes instructions and has them carried out."""

    def __init__(self, hub: Hub, orders: Orders) -> None:
        self._hub = hub
        self._publish: Publish = orders.publish

    def handlers(self) -> Handlers:
        return {ExerciseOptions: self._instruct}

    def forget(self, connection: Connection) -> None:
        """Nothing is kept of a connection: an instruction outlives it, as an order does."""

    def _instruct(self, connection: Connection, request: ExerciseOptions) -> None:
        found = self._hub.database.find(request.contract)
        account = request.account or self._hub.settings.accounts[0]
        objection = self._objection(connection, request, found, account)
        if objection is not None:
            code, facts = objection
            self._hub.error(connection, request.req_id, code, **facts)
            return
        if connection.session.version >= PRESET_NOTICE_SINCE:
            self._hub.error(connection, request.req_id, 10349)
        events = self._hub.broker.instruct(
            Instruction(request.action),
            found[0],
            client_id=connection.client_id,
            order_id=request.req_id,
            account=account,
            quantity=Decimal(request.quantity),
            now_ms=self._hub.now_ms,
        )
        self._publish(events)

    def _objection(
        self,
        connection: Connection,
        request: ExerciseOptions,
        found: list[Instrument],
        account: str,
    ) -> Objection | None:
        if len(found) != 1 or found[0].sec_type not in EXERCISABLE:
            return 200, {}
        if self._hub.broker.order(connection.client_id, request.req_id) is not None:
            return 103, {}
        causes = (
            (request.action not in {i.value for i in Instruction}, "Invalid exercise action"),
            (request.quantity <= 0, "Invalid exercise quantity"),
            (account not in self._hub.settings.accounts, f"Invalid account code '{account}'."),
        )
        for is_wrong, cause in causes:
            if is_wrong:
                return 321, {"cause": cause}
        if self._held(account, found[0]) < request.quantity:
            return 322, {"cause": REJECTED}
        is_exercise = request.action == Instruction.EXERCISE.value
        worthless = self._hub.broker.parity(found[0], self._hub.now_ms) <= 0
        if is_exercise and worthless and not request.override:
            return 322, {"cause": NOT_IN_THE_MONEY}
        return None

    def _held(self, account: str, option: Instrument) -> Decimal:
        """Options held that no other instruction speaks for."""
        broker = self._hub.broker
        position = broker.ledgers[account].positions.get(option.con_id)
        spoken_for = (
            order.quantity
            for order in broker.live_orders()
            if order.instruction is not None
            and (order.account, order.instrument.con_id) == (account, option.con_id)
        )
        return (position.quantity if position else Decimal(0)) - sum(spoken_for)
