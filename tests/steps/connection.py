"""Steps of connecting, of losing the connection and of getting it back."""

from pytest_bdd import given, parsers, then, when

from steps.memory import attempt, eventually


@given("I am connected")
def connected(tier, memory, run) -> None:
    run(tier.client.connect())
    memory.events = tier.client.order_events()


@when("I connect")
def connect(tier, memory, run) -> None:
    attempt(run, memory, tier.client.connect())
    memory.events = tier.client.order_events()


@when("I disconnect")
def disconnect(tier, run) -> None:
    run(tier.client.disconnect())


@then("I am connected")
def is_connected(tier, memory) -> None:
    assert memory.error is None, memory.error
    assert tier.client.is_connected()


@then("I am not connected")
def is_not_connected(tier) -> None:
    assert not tier.client.is_connected()


@when("I notice that the connection is lost")
@then("I notice that the connection is lost")
@when("I notice that I cannot trade")
@then("I notice that I cannot trade")
def notices_the_loss(tier, run) -> None:
    run(eventually(lambda: not tier.client.is_connected()))


@when("I am connected again without doing anything")
@then("I am connected again without doing anything")
def is_connected_again(tier, run) -> None:
    run(eventually(tier.client.is_connected))


@given("the gateway is down")
@when("the gateway goes down")
def gateway_goes_down(tier, run) -> None:
    run(tier.stage.gateway_down())


@when("the gateway comes back")
@when("the gateway is back")
def gateway_comes_back(tier, run) -> None:
    run(tier.stage.gateway_up())


@given("another client is connected under my client id")
def client_id_is_taken(tier, run) -> None:
    run(tier.stage.occupy_client_id())


@then(parsers.parse("the connection is {state}"))
def connection_is(tier, run, state) -> None:
    run(eventually(lambda: tier.client.state == state))
