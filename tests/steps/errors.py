"""Steps of what is refused, and of how that is said."""

from pytest_bdd import parsers, then


@then(parsers.parse("I am told {code:w}"))
def is_told(memory, code) -> None:
    assert memory.error is not None, "nothing was refused"
    assert memory.error.code.name == code


@then(parsers.parse("the gateway's code is {code:d}"))
def gateway_code(memory, code) -> None:
    assert memory.error.gateway_code == code


@then(parsers.parse('the message says "{text}"'))
def message_says(memory, text) -> None:
    assert text in str(memory.error)


@then(parsers.parse("the field {name} is named"))
def field_is_named(memory, name) -> None:
    assert memory.error.field == name
    assert name in str(memory.error)


@then("nothing is refused")
def nothing_refused(memory) -> None:
    assert memory.error is None, memory.error
