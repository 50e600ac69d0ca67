"""A scenario of a purchase turned into that of a sale: prices on the other side of a middle.

What is symmetric need be written once only. Distances stay; prices, sides of quotes and ways
in which prices drift turn around. Conditions stay, as they look at other markets.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from simulator.records import Order

from .terms import Action, Fill, FillBy, Now, Place, Preview, Print, Quote, Scenario, Step

MIDDLE = Decimal(100)
AUX_IS_PRICE = frozenset({"STP", "STP LMT", "STP PRT", "MIT", "LIT"})
PRICES = (
    "limit_price",
    "trail_stop_price",
    "trigger_price",
    "adjusted_stop_price",
    "adjusted_stop_limit_price",
)
DRIFTS = ("scale_price_adjust_value",)
OTHER = {"BUY": "SELL", "SELL": "BUY"}


def both(scenario: Scenario, *, name: str = "AAPL", middle: Decimal = MIDDLE) -> list[Scenario]:
    """A scenario, and the same of the other side. Only prices of the named market turn."""
    turned = Turn(name, middle)
    return _with(scenario, turned)


def either_side(scenario: Scenario) -> list[Scenario]:
    """A scenario, and the same with its subject on the other side; other orders stay."""
    return _with(scenario, Turn("AAPL", MIDDLE, only=scenario.subject))


def _with(scenario: Scenario, turned: Turn) -> list[Scenario]:
    return [
        replace(scenario, name=f"{scenario.name} ({scenario.side})"),
        turned.scenario(scenario),
    ]


class Turn:
    """Turns prices around a middle: those of all orders, or of one only."""

    def __init__(self, name: str, middle: Decimal, *, only: str = "") -> None:
        self._name = name
        self._middle = middle
        self._only = only

    def _turns(self, key: str) -> bool:
        return self._only in {"", key}

    def scenario(self, scenario: Scenario) -> Scenario:
        steps = tuple(self._step(step) for step in scenario.steps)
        side = OTHER[scenario.side.upper()].lower()
        return replace(scenario, name=f"{scenario.name} ({side})", steps=steps)

    def _step(self, step: Step) -> Step:
        return Step(self._action(step.action), tuple(map(self._sighting, step.sightings)))

    def _action(self, action: Action) -> Action:
        match action:
            case Place() | Preview() if self._turns(action.key):
                return replace(action, order=self._order(action.order))
            case Quote(name=self._name):
                return replace(
                    action,
                    bid=self._price(action.ask),
                    ask=self._price(action.bid),
                    bid_size=action.ask_size,
                    ask_size=action.bid_size,
                    last=self._price(action.last),
                )
            case Print(name=self._name) | FillBy():
                return replace(action, price=self._price(action.price))
        return action

    def _sighting(self, sighting: Any) -> Any:
        match sighting:
            case Now() if self._turns(sighting.key):
                return replace(
                    sighting,
                    limit=self._price(sighting.limit),
                    stop=self._price(sighting.stop),
                )
            case Fill(leg="") if self._turns(sighting.key):
                return replace(sighting, price=self._price(sighting.price))
        return sighting

    def _order(self, order: Order) -> Order:
        names = (*PRICES, "aux_price") if order.order_type in AUX_IS_PRICE else PRICES
        prices = {name: getattr(order, name) for name in names}
        drifts = {name: getattr(order, name) for name in DRIFTS}
        return replace(
            order,
            action=OTHER[order.action],
            **{name: 2 * self._middle - price for name, price in prices.items() if price},
            **{name: -drift for name, drift in drifts.items() if drift},
        )

    def _price(self, price: str | None) -> str | None:
        return None if price is None else str(2 * self._middle - Decimal(price))
