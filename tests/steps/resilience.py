"""Steps of what goes wrong between client, gateway and IB."""

from pytest_bdd import given, parsers, when

MESSAGES = {
    "open order": "OpenOrder",
    "order status": "OrderStatus",
    "execution": "ExecutionData",
    "commission": "CommissionReport",
}


@when("the gateway loses IB")
@given("the gateway has lost IB")
def loses_ib(tier, run) -> None:
    run(tier.stage.lose_upstream())


@when("the gateway has IB again")
def has_ib_again(tier, run) -> None:
    run(tier.stage.restore_upstream())


@when("the gateway has IB again, but not its market data")
def has_ib_without_data(tier, run) -> None:
    run(tier.stage.restore_upstream(data_lost=True))


@when(parsers.re(r"the market data farm (?P<name>\w+) is (?P<state>broken|ok)"))
def farm_is(tier, run, name, state) -> None:
    run(tier.stage.farm(name, state))


@given(parsers.re(r"every (?P<what>open order|order status|execution|commission) is told twice"))
def told_twice(tier, run, what) -> None:
    run(tier.stage.inject("duplicate", at=f"tx({MESSAGES[what]})", times=None))


@given(parsers.re(r"every (?P<what>open order|order status|execution|commission) is lost"))
def is_lost(tier, run, what) -> None:
    run(tier.stage.inject("swallow", at=f"tx({MESSAGES[what]})", times=None))


@given(
    parsers.re(
        r"every (?P<what>open order|order status|execution|commission) is told (?P<seconds>\d+) seconds late"
    )
)
def is_late(tier, run, what, seconds) -> None:
    run(tier.stage.inject("delay", at=f"tx({MESSAGES[what]})", times=None, seconds=float(seconds)))


@given(parsers.re(r"the connection (?P<how>is reset|is closed) when (?P<point>.+)"))
def breaks_when(tier, run, how, point) -> None:
    action = {"is reset": "rst", "is closed": "fin"}[how]
    at = {
        "my order arrives": "rx(PlaceOrder)",
        "my order is acknowledged": "tx(OpenOrder)",
        "my cancel arrives": "rx(CancelOrder)",
        "I ask for market data": "rx(RequestMarketData)",
    }[point]
    run(tier.stage.inject(action, at=at))


@when(parsers.re(r"the gateway restarts (?P<how>as every night|after a crash)"))
def restarts(tier, run, how) -> None:
    kind = {"as every night": "soft", "after a crash": "crash"}[how]
    run(tier.stage.restart(kind, outage_s=60))


@given("my session lives on at the gateway when I am gone")
def session_lives_on(tier, run) -> None:
    run(tier.stage.inject("stale_session", seconds=60))


@when("IB changes what it can say to something nobody knows")
def unknown_message(tier, run) -> None:
    run(tier.stage.inject("unknown"))


@given(
    parsers.re(
        r"every (?P<what>open order|order status|execution|commission) lacks its last (?P<count>\d+) fields"
    )
)
def is_truncated(tier, run, what, count) -> None:
    run(tier.stage.inject("truncate", at=f"tx({MESSAGES[what]})", times=None, fields=int(count)))


@given("the gateway sends byte by byte")
def byte_by_byte(tier, run) -> None:
    run(tier.stage.inject("slice", size=1))
