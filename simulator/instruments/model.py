"""One tradable contract: its facts, the parameters of its price path, what it is asked for.

Knows nothing of quotes, orders or the wire, nor where its facts come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from simulator.records import (
    ZERO,
    BondDetails,
    ComboLeg,
    Contract,
    ContractDetails,
    FundDetails,
    TagValue,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """How the price of an instrument moves: see `market.PricePath`.

    `anchor` is the price it keeps around, `volatility` the yearly standard deviation of
    its logarithm, `spread` the displayed spread and `size` the usual displayed size (0 for
    what nobody can trade). Of a future `carry` is how much dearer than its underlying it is,
    for a year to go.
    """

    anchor: Decimal
    volatility: float
    spread: Decimal
    size: Decimal
    carry: float = 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of a combination: how many are bought or sold with one of it."""

    instrument: Instrument
    ratio: int
    action: str

    @property
    def sign(self) -> int:
        """1 for what who buys the combination buys, -1 for what they sell."""
        return 1 if self.action == "BUY" else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One tradable contract and everything the gateway can tell of it.

    `legs` are those of a combination, in the order of their contract ids.
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str
    primary_exchange: str
    local_symbol: str
    trading_class: str
    market_name: str
    long_name: str
    min_tick: Decimal
    valid_exchanges: str
    order_types: str
    market_rule_id: int
    time_zone: str
    trading_hours: tuple[str, str]
    liquid_hours: tuple[str, str]
    bbo_exchange: str
    path: Path
    calendar: str = "XNYS"
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    isin: str = ""
    stock_type: str = ""
    min_size: Decimal = Decimal("0.0001")
    size_increment: Decimal = Decimal("0.0001")
    suggested_size_increment: Decimal = Decimal(100)
    market_rule_ids: tuple[int, ...] = ()
    agg_group: int = 1
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    expiry: str = ""
    contract_month: str = ""
    strike: Decimal = ZERO
    right: str = ""
    multiplier: Decimal = Decimal(1)
    bond: BondDetails | None = None
    fund: FundDetails = field(default_factory=FundDetails)
    legs: tuple[Leg, ...] = ()

    @property
    def is_settled_on_close(self) -> bool:
        """Whether a trade moves no cash until the position is closed: futures and CFDs."""
        return self.sec_type in {"FUT", "CONTFUT", "CFD"}

    @property
    def price_multiplier(self) -> Decimal:
        """What a price is multiplied with to have the worth of one contract.

        Warrants are quoted by the piece; their multiplier is the part of the underlying.
        """
        return Decimal(1) if self.sec_type == "WAR" else self.multiplier

    def contract(self, exchange: str = "") -> Contract:
        """The full contract, on the exchange requests usually name or on a given one."""
        return Contract(
            con_id=COMBINATION_IDS.get(self.currency, self.con_id) if self.legs else self.con_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            exchange=exchange or self.exchange,
            primary_exchange=self.primary_exchange,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
            last_trade_date=self.expiry,
            strike=self.strike,
            right=self.right,
            multiplier=f"{self.multiplier:f}" if self.sec_type in MULTIPLIED else "",
            combo_legs_description=self.legs_description,
            combo_legs=tuple(
                ComboLeg(
                    con_id=leg.instrument.con_id,
                    ratio=leg.ratio,
                    action=leg.action,
                    exchange=exchange or self.exchange,
                )
                for leg in self.legs
            ),
        )

    @property
    def legs_description(self) -> str:
        """The legs as a gateway writes them: `265598|100,584718266|-1`."""
        return ",".join(f"{leg.instrument.con_id}|{leg.sign * leg.ratio}" for leg in self.legs)

    def details(self, trading_hours: str, liquid_hours: str, exchange: str = "") -> ContractDetails:
        """What the security definition server tells, for the usual exchange or a given one.

        The hours are those of the next days.
        """
        rules = self.market_rule_ids or (self.market_rule_id,) * len(
            self.valid_exchanges.split(",")
        )
        return ContractDetails(
            contract=self.contract(exchange),
            market_name=self.market_name,
            min_tick=self.min_tick,
            order_types=self.order_types,
            valid_exchanges=self.valid_exchanges,
            long_name=self.long_name,
            industry=self.industry,
            category=self.category,
            subcategory=self.subcategory,
            time_zone_id=self.time_zone,
            trading_hours=trading_hours,
            liquid_hours=liquid_hours,
            sec_ids=(TagValue(tag="ISIN", value=self.isin),) if self.isin else (),
            market_rule_ids=",".join(map(str, rules)),
            agg_group=self.agg_group,
            under_con_id=self.under_con_id,
            under_symbol=self.under_symbol,
            under_sec_type=self.under_sec_type,
            contract_month=self.contract_month,
            real_expiration_date=self.expiry,
            last_trade_date=self.expiry,
            fund=self.fund,
            stock_type=self.stock_type,
            min_size=self.min_size,
            size_increment=self.size_increment,
            suggested_size_increment=self.suggested_size_increment,
        )

    def matches(self, wanted: Contract) -> bool:
        """Whether every field that the request sets is true of this instrument."""
        return self._is_named(wanted) and self._is_termed(wanted)

    def _is_named(self, wanted: Contract) -> bool:
        exchange = current_name(wanted.exchange)
        return all(
            (
                wanted.con_id in {0, self.con_id},
                wanted.symbol.upper() in {"", self.symbol},
                wanted.sec_type in {"", self.sec_type},
                wanted.currency in {"", self.currency},
                not exchange or exchange in self.valid_exchanges.split(","),
                current_name(wanted.primary_exchange) in {"", self.primary_exchange},
                wanted.local_symbol in {"", self.local_symbol},
                wanted.trading_class in {"", self.trading_class},
                not wanted.sec_id or (wanted.sec_id_type, wanted.sec_id) == ("ISIN", self.isin),
            )
        )

    def _is_termed(self, wanted: Contract) -> bool:
        """The terms of a derivative; a month asks for all that end, or are listed, in it."""
        when = wanted.last_trade_date
        return all(
            (
                not when or when in {self.expiry, self.contract_month or self.expiry[:6]},
                not wanted.strike or wanted.strike == self.strike,
                wanted.right[:1] in {"", "0", "?", self.right},
                not wanted.multiplier or is_multiplier(wanted.multiplier, self.multiplier),
            )
        )


MULTIPLIED = frozenset({"FUT", "CONTFUT", "OPT", "FOP", "WAR"})
"""Security types whose contracts show their multiplier."""

COMBINATION_IDS = {"USD": 28812380, "EUR": 17356630}
"""The one contract id by which gateways call all combinations of a currency: seen in frames."""

RENAMED_EXCHANGES = {"ISLAND": "NASDAQ", "GLOBEX": "CME", "ECBOT": "CBOT"}
"""Former names of exchanges, which a gateway still understands."""


def current_name(exchange: str) -> str:
    return RENAMED_EXCHANGES.get(exchange, exchange)


def is_multiplier(text: str, multiplier: Decimal) -> bool:
    """Whether a text means this number; one that is no number means none."""
    try:
        return Decimal(text) == multiplier
    except InvalidOperation:
        return False
