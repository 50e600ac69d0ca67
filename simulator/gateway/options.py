"""Option calculations: the price of a volatility and the volatility of a price.

Both are answered once, with tick type 53. The request says all that counts (strike,
right, expiry); a request by contract id or local symbol takes it from the database. What
cannot be computed, such as the volatility of a price below parity, is sent as the marks
for "not computed", -1 and -2.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal

from simulator import pricing
from simulator.gateway.greeks import computation
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.instruments import third_friday
from simulator.market import RATE, expiry_ms, years_left
from simulator.messages.options import (
    CalculateImpliedVolatility,
    CalculateOptionPrice,
    CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice,
    TickOptionComputation,
)
from simulator.pricing import Option
from simulator.records import Contract

CUSTOM_COMPUTATION = 53
OPTION_TYPES = frozenset({"OPT", "FOP", "WAR", "IOPT"})
RIGHTS = {"C": True, "CALL": True, "P": False, "PUT": False}
Calculation = CalculateImpliedVolatility | CalculateOptionPrice


class Options:
    """Answers calculations; keeps nothing, so that a cancel finds nothing to end."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def handlers(self) -> Handlers:
        return {
            CalculateImpliedVolatility: self._volatility,
            CalculateOptionPrice: self._price,
            CancelCalculateImpliedVolatility: _already_answered,
            CancelCalculateOptionPrice: _already_answered,
        }

    def forget(self, connection: Connection) -> None:
        """Nothing is kept: every calculation is over when it is answered."""

    def _volatility(self, connection: Connection, request: CalculateImpliedVolatility) -> None:
        option = self._option(connection, request)
        if option is None:
            return
        volatility = pricing.implied_volatility(option, float(request.option_price))
        if volatility is None:
            self._send_nothing(connection, request, option_price=request.option_price)
            return
        _send(connection, request, replace(option, volatility=volatility))

    def _price(self, connection: Connection, request: CalculateOptionPrice) -> None:
        option = self._option(connection, request)
        if option is None:
            return
        if request.volatility <= 0:
            self._send_nothing(connection, request, option_price=Decimal(-1))
            return
        _send(connection, request, replace(option, volatility=float(request.volatility)))

    def _option(self, connection: Connection, request: Calculation) -> Option | None:
        """The option a request means; None after an error was sent."""
        contract = self._completed(request.contract)
        if contract is None:
            self._hub.error(connection, request.req_id, 200)
            return None
        expiry = _expiry(contract.last_trade_date)
        cause = _wrong(contract, expiry, request.under_price)
        if cause is not None or expiry is None:
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return None
        return Option(
            is_call=RIGHTS[contract.right.upper()],
            strike=float(contract.strike),
            years=years_left(expiry, self._hub.now_ms),
            under_price=float(request.under_price),
            volatility=0.0,
            rate=RATE,
        )

    def _completed(self, contract: Contract) -> Contract | None:
        """A contract named by its id or local symbol, in full; None if there is none."""
        if not (contract.con_id or contract.local_symbol):
            return contract
        found = self._hub.database.find(contract)
        if len(found) == 1:
            return found[0].contract()
        return contract if contract.strike and contract.right else None

    def _send_nothing(
        self, connection: Connection, request: Calculation, option_price: Decimal
    ) -> None:
        connection.send(
            TickOptionComputation(
                req_id=request.req_id,
                tick_type=CUSTOM_COMPUTATION,
                option_price=option_price,
                under_price=request.under_price,
            )
        )


def _send(connection: Connection, request: Calculation, option: Option) -> None:
    connection.send(computation(request.req_id, CUSTOM_COMPUTATION, option, request.under_price))


def _already_answered(connection: Connection, request: object) -> None:
    """Real gateways say nothing to a cancel; the answer has gone out long before."""


def _wrong(contract: Contract, expiry: int | None, under_price: Decimal) -> str | None:
    """Why nothing can be computed of a contract, if so."""
    if contract.sec_type not in OPTION_TYPES:
        return f"Option calculations need an option, not security type '{contract.sec_type}'"
    if contract.right.upper() not in RIGHTS:
        return f"Invalid right '{contract.right}'"
    if contract.strike <= 0:
        return f"Invalid strike {contract.strike}"
    if expiry is None:
        return f"Invalid expiry '{contract.last_trade_date}'"
    return None if under_price > 0 else f"Invalid underlying price {under_price}"


def _expiry(last_trade_date: str) -> int | None:
    """The end of `20250620`, or of the third Friday of `202506`, in milliseconds."""
    by_month = re.fullmatch(r"\d{6}", last_trade_date) is not None
    text = last_trade_date + "01" if by_month else last_trade_date[:8]
    try:
        day = datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    if by_month:
        day = datetime.combine(third_friday(day.year, day.month), time(), UTC)
    return expiry_ms(f"{day:%Y%m%d}")
