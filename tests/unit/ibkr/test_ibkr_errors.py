"""The error table: every row makes its class, no code stands twice, unknown codes are safe."""

import pytest

from ibkr import errors
from ibkr.errors import (
    CODE_TABLE,
    CancelTooLate,
    Effect,
    ErrorCode,
    IBKRError,
    InvalidRequest,
    OrderNotFound,
    OrderRejected,
    ReadOnlyApi,
    build_table,
    lookup,
    order_rejection,
)


@pytest.mark.parametrize("row", CODE_TABLE.values(), ids=lambda row: str(row.gateway_code))
def test_every_row_constructs_its_class(row):
    error = row.exception("text", order_id=3)
    assert type(error) is row.error
    assert (error.code, error.gateway_code, error.message) == (row.code, row.gateway_code, "text")
    assert str(error) == f"text (gateway code {row.gateway_code})"


def test_a_code_in_two_rows_is_refused():
    groups = [(ErrorCode.NOTICE, IBKRError, Effect.NOTICE, (1, 2))]
    with pytest.raises(ValueError, match="code 2 stands in two rows"):
        build_table([*groups, (ErrorCode.NOTICE, IBKRError, Effect.REJECT, (2,))])


@pytest.mark.parametrize(
    ("code", "kind", "effect"),
    [
        (201, OrderRejected, Effect.REJECT),
        (10147, OrderNotFound, Effect.REJECT),
        (161, CancelTooLate, Effect.REJECT),
        (2150, IBKRError, Effect.NOTICE),
        (77777, InvalidRequest, Effect.UNKNOWN),
        (1100, errors.ConnectivityError, Effect.CONNECTIVITY),
    ],
)
def test_lookup(code, kind, effect):
    row = lookup(code)
    assert (row.error, row.effect, row.gateway_code) == (kind, effect, code)


@pytest.mark.parametrize("code", [202, 399, 404, 2109, 10233, 10311, 10329, 10331, 10349])
def test_codes_of_live_orders_are_notices(code):
    assert lookup(code).effect is Effect.NOTICE


def test_read_only_mode_is_known_by_its_text():
    text = "Error validating request.-'bC' : cause - The API interface is in Read-Only mode."
    assert type(order_rejection(321, text, 1)) is ReadOnlyApi
    assert type(order_rejection(321, "other", 1)) is OrderRejected


def test_the_tree_at_the_top_of_the_file_is_complete():
    classes = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, IBKRError)
    }
    assert {name for name in classes if name not in errors.__doc__} == set()
