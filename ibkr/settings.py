"""What can be configured, from arguments, `IBKR_*` environment variables and a `.env` file.

It opens nothing and connects to nothing.
Rule: a bad value is refused here, with its name; live trading is off unless asked for twice.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ibkr.library import LibraryName

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
MarketDataType = Annotated[
    Literal[1, 2, 3, 4],
    # the environment has text, which a literal number is not compared with
    BeforeValidator(
        lambda given: int(given) if isinstance(given, str) and given.isdecimal() else given
    ),
]
Limit = Annotated[Decimal, Field(gt=0)]


class Settings(BaseSettings):
    """All settings; times are in seconds. Raises pydantic.ValidationError for bad values."""

    model_config = SettingsConfigDict(
        env_prefix="IBKR_", env_file=".env", extra="ignore", frozen=True
    )

    host: str = Field(default="127.0.0.1", min_length=1, description="Where the gateway is.")
    port: Port = Field(default=4002, description="Its port; IBKR has 4002 and 7497 for paper.")
    client_id: int = Field(
        default=1, ge=0, le=2**31 - 1, description="No other session of the gateway has it."
    )
    account: str = Field(
        default="", description="Account to trade; empty: the only managed account."
    )
    read_only: bool = Field(default=False, description="Never send an order.")
    market_data_type: MarketDataType = Field(
        default=1,
        description="1 live, 2 frozen, 3 delayed where live is not permitted, 4 delayed frozen.",
    )

    library: LibraryName | None = Field(
        default=None, description="The client library; none named: the one that is installed."
    )

    connect_timeout_s: Seconds = Field(default=10.0, description="One attempt, snapshot included.")
    request_timeout_s: Seconds = Field(default=10.0, description="One answer of the gateway.")
    order_ack_timeout_s: Seconds = Field(
        default=10.0, description="The first word on an order; then it is asked for."
    )
    inactive_grace_s: Seconds = Field(
        default=1.0, description="How long an Inactive order may wait for the reason to arrive."
    )
    heartbeat_interval_s: float = Field(
        default=10.0, ge=0, le=3600, description="Pause between liveness probes; 0: none."
    )

    connect_attempts: int = Field(
        default=3, ge=1, le=1000, description="Of `connect()`; a lost connection is tried for ever."
    )
    backoff_min_s: Seconds = Field(default=0.5, description="The first pause between attempts.")
    backoff_max_s: Seconds = Field(default=30.0, description="The longest one.")
    max_requests_per_s: int = Field(
        default=45, ge=1, le=1000, description="The gateway's own limit is 50 by default."
    )
    event_buffer: int = Field(
        default=1024, ge=1, description="Unread events one consumer may have."
    )

    journal: Path | None = Field(
        default=None, description="File that keeps all orders; none: kept in memory only."
    )

    reconcile_settle_s: float = Field(
        default=2.0, ge=0, le=3600, description="Pause between two looks for an order in doubt."
    )
    reconcile_interval_s: Seconds = Field(
        default=30.0, description="Pause between looks while an order in doubt has a live link."
    )
    gateway_time_zone: str = Field(
        default="America/New_York", description="Where the gateway's day ends at midnight."
    )

    kill_switch: Path | None = Field(
        default=None, description="While this file exists no new order is sent; cancels are."
    )
    allow_live: bool = Field(
        default=False, description="Trade other than paper accounts; also needs live_account."
    )
    live_account: str = Field(
        default="", description="The exact live account; also needs allow_live."
    )
    max_order_quantity: Limit | None = Field(
        default=None, description="Orders for more are refused."
    )
    max_order_notional: Limit | None = Field(
        default=None, description="Limit price times quantity; market orders are not covered."
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="What is logged."
    )
    app_host: str = Field(default="127.0.0.1", description="Where the app listens.")
    app_port: int = Field(default=8000, ge=0, le=65535, description="Its port; 0 takes a free one.")
    app_token: SecretStr | None = Field(
        default=None, description="Who has it may trade; without one the app places no orders."
    )
    app_token_file: Path | None = Field(default=None, description="A file with that token.")
    app_read_token: SecretStr | None = Field(
        default=None, description="Who has it may read quotes and orders."
    )
    app_read_token_file: Path | None = Field(default=None, description="A file with that token.")
    app_allow_remote: bool = Field(
        default=False, description="Let the app listen on other than loopback addresses."
    )
    app_allowed_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost"), description="Host headers the app answers to."
    )

    @field_validator("journal", "kill_switch", mode="before")
    @classmethod
    def _check_named(cls, file: object) -> object:
        if file == "":  # it would be the present directory
            raise ValueError("name a file, or leave it out")
        return file

    @field_validator("gateway_time_zone")
    @classmethod
    def _check_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(
                "use a name of the IANA time zone database such as Europe/Zurich"
            ) from None
        return name

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        if self.backoff_min_s > self.backoff_max_s:
            raise ValueError("backoff_min_s must not be above backoff_max_s")
        if self.allow_live and not self.live_account:
            raise ValueError("allow_live also needs live_account, the exact account id")
        return self
