"""The order book: what is done stays done, and a report heard twice changes nothing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr.models import Action, Contract, Fill, Order, OrderStatus
from ibkr.orders import CommissionReport, OpenOrderReport, OrderBook, StatusReport, execution_root

AAPL = Contract.stock("AAPL")
TEN = Order.limit("BUY", 10, 100)
S = OrderStatus


def status(word, filled=0, *, order_id=1, client_id=1, perm_id=7):
    return StatusReport(
        client_id=client_id,
        order_id=order_id,
        status=word,
        filled=Decimal(filled),
        perm_id=perm_id,
    )


def fill(quantity, price=100, exec_id="a.1.01", *, order_id=1, perm_id=7):
    return Fill(
        execution_id=exec_id,
        order_id=order_id,
        client_id=1,
        contract=AAPL,
        action=Action.BUY,
        quantity=Decimal(quantity),
        price=Decimal(price),
        time=datetime(2024, 1, 2, tzinfo=UTC),
        perm_id=perm_id,
    )


@pytest.fixture
def book():
    made = OrderBook()
    made.add(1, 1, AAPL, TEN)
    return made


@pytest.mark.parametrize("late", [S.SUBMITTED, S.PRE_SUBMITTED, S.PENDING_CANCEL, S.CANCELLED])
def test_status_after_the_fill_does_not_take_it_back(book, late):
    book.apply_status(status(S.FILLED, 10))
    assert book.apply_status(status(late)) == []
    result = book.get(1, 1)
    assert (result.status, result.filled, result.remaining) == (S.FILLED, 10, 0)


def test_status_older_than_an_execution_is_ignored(book):
    book.apply_status(status(S.SUBMITTED))
    book.apply_fill(fill(4))
    assert book.apply_status(status(S.PRE_SUBMITTED, 0)) == []
    assert (book.get(1, 1).status, book.get(1, 1).filled) == (S.SUBMITTED, 4)


def test_refused_modify_may_go_back_from_pending_cancel(book):
    book.apply_status(status(S.PENDING_CANCEL))
    book.apply_status(status(S.SUBMITTED))
    assert book.get(1, 1).status is S.SUBMITTED


def test_fill_after_cancelled_still_counts(book):
    book.apply_status(status(S.CANCELLED))
    book.apply_fill(fill(10))
    assert book.get(1, 1).status is S.FILLED


def test_partial_fill_then_cancel_keeps_what_was_filled(book):
    book.apply_fill(fill(4))
    book.apply_status(status(S.CANCELLED, 0))
    result = book.get(1, 1)
    assert (result.status, result.filled, result.remaining) == (S.CANCELLED, 4, 6)


def test_executions_alone_drive_the_order(book):
    book.apply_fill(fill(4, 100, "a.1.01"))
    assert book.get(1, 1).status is S.SUBMITTED
    book.apply_fill(fill(6, 110, "a.2.01"))
    result = book.get(1, 1)
    assert (result.status, result.average_fill_price) == (S.FILLED, 106)


def test_duplicates_are_silent(book):
    for _ in range(2):
        events = [book.apply_status(status(S.SUBMITTED)), book.apply_fill(fill(4))]
    assert events == [[], []]
    assert book.get(1, 1).filled == 4


def test_correction_replaces_the_execution_also_in_what_the_status_counted(book):
    book.apply_fill(fill(6, 100, "a.1.01"))
    book.apply_status(status(S.SUBMITTED, 6))
    book.apply_fill(fill(5, 101, "a.1.02"))
    result = book.get(1, 1)
    assert (result.filled, result.average_fill_price, len(result.fills)) == (5, 101, 1)
    assert book.apply_fill(fill(6, 100, "a.1.01")) == []


def test_a_busted_execution_is_filled_no_more(book):
    book.apply_fill(fill(6, 100, "a.1.01"))
    book.apply_status(status(S.SUBMITTED, 6))
    (event,) = book.apply_fill(fill(0, 100, "a.1.02"))
    assert (event.fill.quantity, event.result.filled, event.result.remaining) == (0, 0, 10)


def test_commission_is_put_on_its_fill_once_and_unknown_ones_are_ignored(book):
    book.apply_fill(fill(4))
    report = CommissionReport(execution_id="a.1.01", commission=Decimal(1), currency="USD")
    assert len(book.apply_commission(report)) == 1
    assert book.apply_commission(report) == []
    assert book.get(1, 1).fills[0].commission == 1
    other = CommissionReport(execution_id="b.1.01", commission=Decimal(1), currency="USD")
    assert book.apply_commission(other) == []


def test_permanent_id_zero_never_mixes_two_orders(book):
    book.add(1, 2, AAPL, TEN)
    book.apply_status(status(S.SUBMITTED, perm_id=None))
    book.apply_status(status(S.SUBMITTED, order_id=2, perm_id=None))
    book.apply_fill(fill(3, order_id=2, perm_id=None))
    assert (book.get(1, 1).filled, book.get(1, 2).filled) == (0, 3)


def test_order_id_given_out_again_is_another_order(book):
    book.apply_status(status(S.SUBMITTED, perm_id=7))
    assert book.apply_status(status(S.FILLED, 10, perm_id=8)) == []
    assert book.get(1, 1).status is S.SUBMITTED


def test_execution_before_its_order_is_kept_for_it():
    book = OrderBook()
    for _ in range(2):
        assert book.apply_fill(fill(4)) == []
    report = OpenOrderReport(client_id=1, order_id=1, contract=AAPL, order=TEN, status=S.SUBMITTED)
    book.apply_open_order(report)
    assert book.get(1, 1).filled == 4


def test_changed_terms_of_the_gateway_are_seen(book):
    changed = Order.limit("BUY", 8, 99)
    book.apply_open_order(OpenOrderReport(client_id=1, order_id=1, contract=AAPL, order=changed))
    assert (book.get(1, 1).order.quantity, book.get(1, 1).order.limit_price) == (8, 99)


def test_changed_stops_of_the_gateway_are_seen(book):
    for changed in (Order.stop("BUY", 10, 9, limit_price=9), Order.trailing("BUY", 10, 2)):
        report = OpenOrderReport(client_id=1, order_id=1, contract=AAPL, order=changed)
        book.apply_open_order(report)
        assert book.get(1, 1).order == changed


def test_rejected_order_that_lives_after_all_is_believed(book):
    book.reject(1, 1, 201, "margin")
    book.apply_status(status(S.SUBMITTED))
    assert book.get(1, 1).status is S.SUBMITTED


@pytest.mark.parametrize(
    ("execution_id", "root"), [("a.b.01.02", "a.b.01"), ("plain", "plain"), ("", "")]
)
def test_execution_root(execution_id, root):
    assert execution_root(execution_id) == root


REPORTS = st.one_of(
    st.builds(status, st.sampled_from(list(S)), st.integers(0, 10)),
    st.builds(fill, st.integers(1, 3), st.just(100), st.sampled_from(["a.1.01", "b.1.01", "c.1"])),
)


@given(st.lists(REPORTS, max_size=12))
def test_any_order_of_reports_keeps_the_invariants(reports):
    book = OrderBook()
    before = book.add(1, 1, AAPL, TEN)
    for report in reports:
        apply = book.apply_fill if isinstance(report, Fill) else book.apply_status
        apply(report)
        assert apply(report) == []  # hearing it again changes nothing
        after = book.get(1, 1)
        assert after.filled >= before.filled
        assert not before.status.is_done or after.status.is_done
        assert before.status is not S.FILLED or after.status is S.FILLED
        before = after
