"""Steps of what the account has, as the broker keeps it."""

from decimal import Decimal

from pytest_bdd import given, parsers, then, when


@given(parsers.parse("{amount} USD are paid out of the account"))
@when(parsers.parse("{amount} USD are paid out of the account"))
def paid_out(tier, run, amount) -> None:
    run(tier.stage.move_cash(-Decimal(amount)))


@when(parsers.parse("{amount} USD are paid into the account"))
def paid_in(tier, run, amount) -> None:
    run(tier.stage.move_cash(Decimal(amount)))


@given(parsers.parse("the account has a buying power of {amount} USD"))
@then(parsers.parse("the account has a buying power of {amount} USD"))
def has_buying_power(tier, run, amount) -> None:
    assert run(tier.stage.account()).buying_power == Decimal(amount)


@given(parsers.parse("the account has {amount} USD in cash"))
@then(parsers.parse("the account has {amount} USD in cash"))
def has_cash(tier, run, amount) -> None:
    assert round(run(tier.stage.account()).cash["USD"], 2) == Decimal(amount)


@then(parsers.parse("the account holds {quantity} {symbol:w}"))
def account_holds(tier, run, quantity, symbol) -> None:
    assert run(tier.stage.position(symbol)) == Decimal(quantity)
