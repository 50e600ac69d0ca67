"""The blotter: what it takes to believe that a message is about one of our orders, and then."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D
from itertools import count

import pytest
from structlog.testing import capture_logs

from ibkr.blotter import Blotter, Standing
from ibkr.errors import (
    IdempotencyConflict,
    JournalError,
    OrderNotAccepted,
    OrderNotFound,
    OrderRejected,
    OrderStateUnknown,
)
from ibkr.journal import Journal
from ibkr.models import Action, Contract, Fill, Order, OrderFilled, OrderStatus
from ibkr.orders import CompletedReport, OpenOrderReport, StatusReport
from ibkr.reconcile import Verdict

NOON = datetime(2024, 1, 3, 17, tzinfo=UTC)
AAPL = Contract.stock("AAPL")
LIMIT = replace(Order.limit("BUY", 10, "190.50"), order_ref="mine")
HEALTHY = Standing(next_order_id=1, upstream_healthy=True, complete=True, today=lambda _: True)


class FailingJournal(Journal):
    """A journal whose writes fail while `fails` is set."""

    fails = False

    def _check(self):
        if self.fails:
            raise JournalError("journal does not serve")

    def intend(self, *row):
        self._check()
        super().intend(*row)

    def acknowledge(self, *row):
        self._check()
        super().acknowledge(*row)

    def event(self, *row, is_open):
        self._check()
        super().event(*row, is_open=is_open)


def blotter(journal=None, client_id=1):
    ids = count(1)
    made = Blotter(journal or Journal(), client_id, ids=lambda: f"u{next(ids)}", now=lambda: NOON)
    made.open()
    return made


def sent(one, order_id=4, key="k", *, here=False):
    """An order that was handed over; unless `here`, over a link that is gone."""
    one.sending(one.intend(AAPL, LIMIT, key), order_id)
    one.give_up(order_id)
    if not here:
        one.new_link()
    return one


def again(one):
    """Another blotter on the same journal, as after a restart."""
    return blotter(one.journal)


def open_order(order_id=4, *, perm_id=77, order_ref="ibkr-u1/mine", client_id=1):
    return OpenOrderReport(
        client_id=client_id,
        order_id=order_id,
        contract=AAPL,
        order=replace(LIMIT, order_ref=order_ref),
        status=OrderStatus.SUBMITTED,
        perm_id=perm_id,
    )


def fill(order_id=4, *, perm_id=77, order_ref="ibkr-u1/mine", execution_id="e.1.01"):
    return Fill(
        execution_id=execution_id,
        order_id=order_id,
        client_id=1,
        contract=AAPL,
        action=Action.BUY,
        quantity=D(10),
        price=D("190.4"),
        time=NOON,
        perm_id=perm_id,
        order_ref=order_ref,
    )


def status(order_id=4, word=OrderStatus.SUBMITTED, *, perm_id=77):
    return StatusReport(client_id=1, order_id=order_id, status=word, filled=D(0), perm_id=perm_id)


def verdict(one):
    known = one.journal.by_key("k")
    return known.verdict, known.rule


@pytest.mark.parametrize("restart", [False, True])
def test_an_order_without_an_answer_is_in_doubt_here_and_after_a_restart(restart):
    one = sent(blotter())
    one = again(one) if restart else one
    (doubted,) = one.in_doubt()
    assert (doubted.order_id, doubted.key, doubted.order.order_ref) == (4, "k", "mine")
    with pytest.raises(OrderStateUnknown, match="do not send it again"):
        one.repeated("k", AAPL, LIMIT)


def test_an_order_whose_caller_still_waits_is_not_in_doubt():
    one = blotter()
    one.sending(one.intend(AAPL, LIMIT, None), 4)
    assert one.in_doubt() == ()
    one.give_up(4)
    assert len(one.in_doubt()) == 1


@pytest.mark.parametrize(
    "tell",
    [
        lambda one: one.open_order(open_order()),
        lambda one: one.fill(fill()),
        lambda one: one.order_seen("ibkr-u1/mine", 77, "open order"),
        lambda one: one.completed_order(
            CompletedReport(status=OrderStatus.CANCELLED, perm_id=77, order_ref="ibkr-u1/mine")
        ),
    ],
    ids=["open order", "execution", "an order nothing else can be said of", "completed order"],
)
@pytest.mark.parametrize("restart", [False, True])
def test_any_message_with_its_reference_finds_an_order(tell, restart):
    one = sent(blotter())
    one = again(one) if restart else one
    tell(one)
    assert one.in_doubt() == ()
    assert verdict(one) == (Verdict.FOUND, "c")
    assert one.get(1, 4).perm_id == 77
    assert one.repeated("k", AAPL, LIMIT) == one.by_key("k")


def test_an_order_cancelled_while_away_is_known_by_its_reference_alone():
    one = again(sent(blotter()))
    report = CompletedReport(status=OrderStatus.CANCELLED, perm_id=77, order_ref="ibkr-u1/mine")
    one.completed_order(report)
    assert one.by_key("k").status is OrderStatus.CANCELLED
    assert again(one).by_key("k").status is OrderStatus.CANCELLED


def test_a_bare_status_answers_only_what_was_sent_over_this_link():
    one = sent(blotter())
    assert one.status(status()) == []
    assert len(one.in_doubt()) == 1
    here = sent(blotter(), here=True)
    here.status(status())
    assert here.in_doubt() == ()


@pytest.mark.parametrize("order_ref", ["", "mine", "ibkr-other"])
def test_an_id_that_was_given_out_again_says_nothing_of_our_order(order_ref):
    one = sent(blotter())
    assert one.open_order(open_order(perm_id=99, order_ref=order_ref)) == []
    assert one.fill(fill(perm_id=99, order_ref=order_ref)) == []
    assert len(one.in_doubt()) == 1
    assert one.get(1, 4).filled == 0


@pytest.mark.parametrize("here", [False, True])
def test_two_permanent_ids_under_one_reference_are_a_duplicate_and_stay_in_doubt(here):
    one = sent(blotter(), here=here)
    one.order_seen("ibkr-u1/mine", 77, "open order")
    one.order_seen("ibkr-u1/mine", 78, "open order")
    assert verdict(one) == (Verdict.DUPLICATE, "h")
    assert len(again(one).in_doubt()) == 1


def test_an_order_of_no_list_is_not_accepted_and_says_so_for_ever():
    one = sent(blotter())
    ((result, judgement),) = one.settle(HEALTHY)
    assert (judgement.rule, result.status) == ("d", OrderStatus.INACTIVE)
    for each in (one, again(one)):
        assert each.in_doubt() == ()
        assert each.by_key("k").reject_reason == judgement.because
        with pytest.raises(OrderNotAccepted, match="new key"):
            each.repeated("k", AAPL, LIMIT)


def test_an_order_given_up_that_shows_up_after_all_is_live_again():
    one = sent(blotter())
    one.settle(HEALTHY)
    for each in (again(one), one):
        each.open_order(open_order())
        assert each.by_key("k").status is OrderStatus.SUBMITTED
        assert each.by_key("k").reject_reason == ""
        assert verdict(each) == (Verdict.FOUND, "c")


@pytest.mark.parametrize(
    "tell",
    [
        lambda one: one.open_order(open_order()),
        lambda one: one.status(status()),
        lambda one: one.fill(fill()),
        lambda one: one.fill(replace(fill(), quantity=D(1))),
    ],
    ids=["open order", "bare status", "fill", "part of a fill"],
)
def test_an_order_given_up_on_the_link_that_sent_it_may_show_up_there_too(tell):
    one = sent(blotter(), here=True)
    one.settle(replace(HEALTHY, overtaken=one.unanswered_here()))
    assert verdict(one) == (Verdict.NOT_ACCEPTED, "d")
    with capture_logs() as logs:
        tell(one)
    assert ("order_judged", True) in [(line["event"], line.get("after_all")) for line in logs]
    for each in (one, again(one)):
        assert verdict(each) == (Verdict.FOUND, "c")
        assert each.repeated("k", AAPL, LIMIT).status.is_taken
        assert each.by_key("k").reject_reason == ""


def test_an_order_that_works_after_it_was_refused_is_not_refused():
    one = sent(blotter(), here=True)
    one.reject(4, 110, "bad price")
    one.status(status(word=OrderStatus.CANCELLED))
    for each in (one, again(one)):
        with pytest.raises(OrderRejected):
            each.repeated("k", AAPL, LIMIT)
    other = sent(blotter(), here=True)
    other.reject(4, 110, "bad price")
    other.open_order(open_order())
    for each in (other, again(other)):
        order = each.repeated("k", AAPL, LIMIT)
        assert (order.status, order.reject_code) == (OrderStatus.SUBMITTED, None)
        assert order.reject_reason == ""


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"complete": False}, "i"),
        ({"upstream_healthy": False}, "f"),
        ({"today": lambda _: False}, "g"),
        ({"next_order_id": 5}, "e"),
    ],
)
def test_what_is_not_proved_stays_in_doubt_with_its_rule(changes, rule):
    one = again(sent(blotter()))
    one.settle(replace(HEALTHY, **changes))
    assert verdict(one) == (Verdict.UNKNOWN, rule)
    assert len(one.in_doubt()) == 1
    with pytest.raises(OrderStateUnknown, match=f"rule {rule}"):
        again(one).repeated("k", AAPL, LIMIT)
    one.settle(HEALTHY)  # better evidence decides it after all
    assert verdict(one) == (Verdict.NOT_ACCEPTED, "d")


def test_what_was_sent_over_this_link_may_still_be_on_its_way():
    one = sent(blotter(), here=True)
    one.settle(HEALTHY)
    assert verdict(one) == (Verdict.UNKNOWN, "i")


def test_an_order_of_another_client_id_is_not_fenced_by_our_session():
    other = sent(blotter(client_id=2))
    one = blotter(other.journal, client_id=1)
    one.settle(HEALTHY)
    assert verdict(one) == (Verdict.UNKNOWN, "i")


def test_an_upstream_loss_while_it_was_under_way_is_remembered_over_a_restart():
    one = sent(blotter())
    one.upstream(lost=True)
    restarted = again(one)
    restarted.settle(HEALTHY)
    assert verdict(restarted) == (Verdict.UNKNOWN, "f")
    restarted.upstream(lost=False)
    restarted.settle(HEALTHY)
    assert verdict(restarted) == (Verdict.NOT_ACCEPTED, "d")


def test_a_message_that_was_cut_short_was_not_sent_and_its_key_is_free():
    one = sent(blotter())
    one.cut_short([4, 5])
    one.settle(HEALTHY)
    assert verdict(one) == (Verdict.NOT_SENT, "b")
    assert one.repeated("k", AAPL, LIMIT) is None
    one.sending(one.intend(AAPL, LIMIT, "k"), 9)
    one.open_order(open_order(9))
    for each in (one, again(one)):
        assert (each.by_key("k").order_id, each.by_key("k").status) == (9, OrderStatus.SUBMITTED)


def test_an_order_that_is_sent_again_is_open_again():
    one = sent(blotter())
    one.cut_short([4])
    one.settle(HEALTHY)
    assert one.journal.open_entries() == ()
    one.sending(one.intend(AAPL, LIMIT, "k"), 9)
    assert [entry.order_id for entry in one.journal.open_entries()] == [9]


def test_a_key_is_free_while_nothing_was_sent_under_it():
    one = blotter()
    one.intend(AAPL, LIMIT, "k")
    assert one.repeated("k", AAPL, LIMIT) is None


def test_a_key_that_is_free_again_after_a_restart_stays_free_when_it_cannot_be_sent():
    one = sent(blotter())
    one.cut_short([4])
    one.settle(HEALTHY)
    restarted = again(one)
    restarted.not_sent(restarted.intend(AAPL, LIMIT, "k"))
    assert restarted.in_doubt() == ()
    assert restarted.repeated("k", AAPL, LIMIT) is None


def test_an_order_taken_up_again_is_in_doubt_only_once_it_is_sent():
    one = sent(blotter())
    one.cut_short([4])
    one.settle(HEALTHY)
    one.intend(AAPL, LIMIT, "k")
    for each in (one, again(one)):
        assert each.in_doubt() == ()
        assert each.repeated("k", AAPL, LIMIT) is None


def test_an_intent_that_was_never_sent_is_proved_unsent_by_the_next_start():
    one = blotter()
    one.intend(AAPL, LIMIT, "k")
    restarted = again(one)
    assert verdict(restarted) == (Verdict.NOT_SENT, "a")
    assert restarted.in_doubt() == ()
    with pytest.raises(OrderNotFound):
        restarted.by_key("k")


def test_a_rejection_is_the_same_after_a_restart():
    one = sent(blotter(), here=True)
    one.reject(4, 201, "no funds in DU1234567")
    with pytest.raises(OrderRejected, match="no funds") as caught:
        again(one).repeated("k", AAPL, LIMIT)
    assert (caught.value.order_id, caught.value.gateway_code) == (4, 201)
    assert "DU1234567" not in str(caught.value)


def test_another_body_is_a_conflict_after_a_restart_too():
    restarted = again(sent(blotter()))
    with pytest.raises(IdempotencyConflict):
        restarted.repeated("k", AAPL, replace(LIMIT, quantity=D(11)))
    with pytest.raises(IdempotencyConflict):
        restarted.repeated("k", Contract.stock("MSFT"), LIMIT)


def test_a_fill_is_shown_once_whatever_restarts():
    one = again(sent(blotter()))
    assert [type(event) for event in one.fill(fill())] == [OrderFilled]
    assert one.fill(fill()) == []
    restarted = again(one)
    assert restarted.fill(fill()) == []
    assert restarted.by_key("k").fills == one.by_key("k").fills
    (corrected,) = restarted.fill(replace(fill(execution_id="e.1.02"), quantity=D(4)))
    assert corrected.result.filled == 4
    assert again(restarted).by_key("k").filled == 4


def test_ids_are_never_lower_than_what_any_run_has_taken():
    one = sent(blotter(), 41)
    one.settle(HEALTHY)  # no order that is still open has this id
    assert again(one).highest_order_id() == 41
    assert blotter().highest_order_id() == 0


def test_nothing_is_sent_that_cannot_be_kept():
    journal = FailingJournal()
    one = blotter(journal)
    journal.fails = True
    with pytest.raises(JournalError):
        one.intend(AAPL, LIMIT, "k")
    assert journal.entries() == ()


def test_what_the_gateway_says_is_shown_even_where_it_cannot_be_kept():
    journal = FailingJournal()
    one = sent(blotter(journal), here=True)
    journal.fails = True
    assert one.open_order(open_order())
    assert one.get(1, 4).status is OrderStatus.SUBMITTED
    assert one.in_doubt() == ()
    assert len(again(one).in_doubt()) == 1  # so that the gateway is asked again


class FailingAtTheEnd(Journal):
    """A journal whose disk is full when what one message changed shall be written."""

    @contextmanager
    def together(self):
        with super().together():
            yield
            raise JournalError("the disk is full")


def test_a_message_whose_rows_cannot_be_written_is_shown_all_the_same():
    journal = FailingAtTheEnd()
    one = sent(blotter(journal), here=True)
    assert [type(event) for event in one.fill(fill())] == [OrderFilled]
    assert one.get(1, 4).filled == 10
    assert journal.by_key("k").filled == 0
