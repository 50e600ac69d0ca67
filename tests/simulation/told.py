"""What a client knows: what it was told of orders, executions, positions and its account."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.messages.account import AccountValue, PortfolioValue, PositionData
from simulator.messages.orders import CommissionReport, ExecutionData, OpenOrder, OrderStatus


@dataclass(slots=True)
class Told:
    """`since` is where the journal stood when the client joined."""

    client_id: int
    since: int
    statuses: dict[int, OrderStatus] = field(default_factory=dict)
    open_orders: dict[int, OpenOrder] = field(default_factory=dict)
    executions: dict[str, ExecutionData] = field(default_factory=dict)
    commissions: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[tuple[str, int], PositionData] = field(default_factory=dict)
    portfolio: dict[tuple[str, int], PortfolioValue] = field(default_factory=dict)
    cash: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(self, replies: list[Any]) -> None:
        for reply in replies:
            match reply:
                case OrderStatus():
                    self.statuses[reply.perm_id] = reply
                case OpenOrder():
                    self.open_orders[reply.perm_id] = reply
                case ExecutionData():
                    self.executions[root(reply.execution.exec_id)] = reply
                case CommissionReport():
                    self.commissions[root(reply.exec_id)] = reply.commission
                case PositionData():
                    self.positions[reply.account, reply.contract.con_id] = reply
                case PortfolioValue():
                    self.portfolio[reply.account, reply.contract.con_id] = reply
                case AccountValue(key="CashBalance"):
                    self.cash[reply.account, reply.currency] = reply.value


def root(exec_id: str) -> str:
    """What all revisions of an execution share."""
    return exec_id.rpartition(".")[0]
