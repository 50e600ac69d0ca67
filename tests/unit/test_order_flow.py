"""How the client sends orders and what it concludes: kept first, written once, asked again."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bench import AAPL, BUY, LIMIT, Bench, turn
from click.testing import CliRunner
from fake_ib import real
from structlog.testing import capture_logs

from ibkr.cli import cli
from ibkr.connection import ConnectionState as S
from ibkr.entries import BY_HAND
from ibkr.errors import (
    CancelTooLate,
    ConnectivityError,
    IdempotencyConflict,
    JournalError,
    NotConnected,
    OrderNotAccepted,
    OrderNotFound,
    OrderRejected,
    OrderStateUnknown,
)
from ibkr.ib_client import IBKRClient
from ibkr.journal import Journal
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract, Order, OrderFilled, OrderStatus
from ibkr.reconcile import Verdict

NOON = datetime(2024, 1, 3, 17, tzinfo=UTC)


class WatchedJournal(Journal):
    """A journal that notes what the gateway had received when a row was written."""

    def __init__(self):
        super().__init__()
        self.rows = []
        self.sent = lambda: 0
        self.fails = ""

    def note(self, row):
        if row == self.fails:
            raise JournalError("the journal does not serve")
        self.rows.append((row, self.sent()))

    def intend(self, *row):
        self.note("intend")
        super().intend(*row)

    def send(self, *row, **mark):
        self.note("send")
        super().send(*row, **mark)

    def acknowledge(self, *row):
        self.note("acknowledge")
        super().acknowledge(*row)

    def event(self, reference, kind, *row, **mark):
        if kind == "cancel_sent":
            self.note(kind)
        super().event(reference, kind, *row, **mark)


class KeptBench(Bench):
    """A bench whose client keeps a journal that outlives it, and knows what day it is."""

    def __init__(self, journal, **options):
        super().__init__(
            order_journal=journal,
            now=lambda: NOON,
            reconcile_settle_s=0,
            **options,
        )

    def placed(self):
        return self.gateway.sent("placeOrder")

    async def unanswered(self, key="k"):
        """An order the gateway says nothing of; its id."""
        with pytest.raises(OrderStateUnknown) as caught:
            await self.client.place_order(AAPL, LIMIT, key=key)
        return caught.value.order_id

    def completed(self, order_id, word="Cancelled"):
        """The gateway lists this order among the completed ones, as sparely as TWS does."""
        ((_, _, order),) = [args for args in self.placed() if args[0] == order_id]
        self.gateway.wrapper.completedOrder(
            real.Contract(secType="STK", symbol="AAPL"),
            real.Order(permId=1000 + order_id, action="BUY", orderRef=order.orderRef),
            real.OrderState(status=word),
        )


@pytest.fixture
async def bench():
    made = KeptBench(WatchedJournal())
    made.client.journal.sent = lambda: len(made.placed())
    await made.client.connect()
    yield made
    await made.client.disconnect()


@pytest.fixture
async def restarted(bench):
    """A fresh client on the journal of the first one, which is gone."""
    made = []

    async def restart(*speak, **options):
        await bench.client.disconnect()
        made.append(KeptBench(bench.client.journal, **options))
        made[-1].gateway.at_start.extend(speak)
        await made[-1].client.connect()
        return made[-1]

    yield restart
    for each in made:
        await each.client.disconnect()


def entry(bench, key="k"):
    return bench.client.journal.by_key(key)


async def test_an_order_is_kept_twice_before_its_first_byte_and_once_before_its_answer(bench):
    await bench.resting()
    rows = bench.client.journal.rows
    assert rows == [("intend", 0), ("send", 0), ("acknowledge", 1)]


@pytest.mark.parametrize("row", ["intend", "send"])
async def test_nothing_is_sent_that_cannot_be_kept(bench, row):
    bench.client.journal.fails = row
    with pytest.raises(JournalError):
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert bench.placed() == []
    assert (bench.client.metrics.orders_total, bench.client.in_doubt()) == (0, ())
    bench.client.journal.fails = ""
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    bench.gateway.open_order(bench.placed()[0][0])
    assert (await task).key == "k"


async def test_an_order_the_wire_cannot_carry_is_kept_as_never_sent(bench):
    with pytest.raises(Exception, match="15 digits"):
        await bench.client.place_order(AAPL, Order.limit("BUY", 1, "1.23456789012345678"), key="k")
    assert (entry(bench).verdict, bench.placed()) == (Verdict.NOT_SENT, [])
    with pytest.raises(OrderNotFound):
        bench.client.order_by_key("k")


async def test_the_reference_on_the_wire_is_ours_and_shows_the_callers_text(bench):
    order = replace(LIMIT, order_ref="mine")
    task = await bench.start(bench.client.place_order(AAPL, order))
    ((order_id, _, wire),) = bench.placed()
    ours, _, callers = wire.orderRef.partition("/")
    assert (ours, callers) == (bench.client.journal.entries()[0].reference, "mine")
    assert len(ours) <= 32
    bench.gateway.open_order(order_id)
    assert (await task).order.order_ref == "mine"


async def test_calls_with_one_key_at_the_same_time_are_one_order(bench):
    tasks = [await bench.start(bench.client.place_order(AAPL, LIMIT, key="k")) for _ in range(3)]
    other = await bench.start(bench.client.place_order(AAPL, BUY, key="k"))
    ((order_id, _, _),) = bench.placed()
    bench.gateway.open_order(order_id)
    assert {result.order_id for result in await asyncio.gather(*tasks)} == {order_id}
    with pytest.raises(IdempotencyConflict):
        await other
    assert len(bench.placed()) == 1


async def test_a_caller_who_gives_up_leaves_the_order_in_doubt_for_the_next_one(bench):
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.client.metrics.orders_in_doubt == 1
    assert bench.client._watch.is_awake
    with pytest.raises(OrderStateUnknown):
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert len(bench.client.in_doubt()) == len(bench.placed()) == 1


async def test_a_late_answer_is_asked_for_once_before_the_fate_is_called_unknown(bench):
    bench.gateway.answers["reqOpenOrders"] = lambda: bench.gateway.open_order(
        bench.placed()[0][0], status="Submitted"
    )
    result = await bench.client.place_order(AAPL, LIMIT)
    assert result.status is OrderStatus.SUBMITTED
    assert len(bench.placed()) == 1


async def test_a_refusal_that_comes_while_it_is_asked_for_is_told_to_its_caller(bench):
    bench.gateway.answers["reqOpenOrders"] = lambda: bench.gateway.error(
        bench.placed()[0][0], 201, "no funds"
    )
    with pytest.raises(OrderRejected, match="no funds"):
        await bench.client.place_order(AAPL, LIMIT)


async def test_a_parent_that_is_not_found_is_a_refusal_where_nothing_was_cancelled(bench):
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    bench.gateway.error(bench.placed()[0][0], 135, "Can't find order with id =3")
    with pytest.raises(OrderNotFound):
        await task
    assert (entry(bench).reject_code, bench.client.in_doubt()) == (135, ())


async def test_a_code_that_follows_the_acknowledgement_at_once_refuses_nothing(bench):
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    ((order_id, _, _),) = bench.placed()
    bench.gateway.status(order_id, "Submitted")
    bench.gateway.error(order_id, 201, "a warning")
    assert (await task).status is OrderStatus.SUBMITTED
    assert entry(bench).reject_code is None


async def test_orders_of_others_and_of_nobody_answer_nothing(bench):
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    ((order_id, _, _),) = bench.placed()
    bench.gateway.status(order_id, "Submitted", client=2, perm=9)
    bench.gateway.status(4711, "Submitted", perm=8)
    bench.gateway.open_order(order_id, client=2)
    await turn()
    assert not task.done()
    bench.gateway.status(order_id, "Submitted")
    assert (await task).client_id == 1


async def test_an_order_changed_into_what_we_cannot_say_is_found_all_the_same(bench):
    order_id = await bench.unanswered()
    bench.gateway.open_order(order_id, order_type="BOX TOP", order_ref=entry(bench).reference)
    assert bench.client.in_doubt() == ()


async def test_a_refusal_that_comes_too_late_for_its_caller_still_decides(bench):
    order_id = await bench.unanswered()
    bench.gateway.error(order_id, 201, "no funds")
    assert bench.client.in_doubt() == ()
    with pytest.raises(OrderRejected, match="no funds"):
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert len(bench.placed()) == 1


async def test_an_order_in_doubt_is_counted_until_its_answer_comes(bench):
    order_id = await bench.unanswered()
    assert bench.client.metrics.orders_in_doubt == len(bench.client.in_doubt()) == 1
    bench.gateway.status(order_id, "Submitted")
    assert bench.client.metrics.orders_in_doubt == len(bench.client.in_doubt()) == 0


async def test_after_a_reconnect_an_order_without_a_trace_is_not_accepted(bench):
    await bench.unanswered()
    bench.gateway.drop()
    await bench.until(S.READY)
    assert (entry(bench).verdict, entry(bench).rule) == (Verdict.NOT_ACCEPTED, "d")
    with pytest.raises(OrderNotAccepted):
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert len(bench.placed()) == 1
    snapshots = [len(bench.gateway.sent(name)) for name in ("reqAllOpenOrders", "reqExecutions")]
    assert snapshots == [1, 2]  # the second look, after that of the library; one at the deadline


async def test_nothing_is_asked_twice_where_nothing_is_in_doubt(bench):
    await bench.resting()
    bench.gateway.drop()
    await bench.until(S.READY)
    assert bench.gateway.sent("reqAllOpenOrders") == []


async def test_after_a_restart_an_order_is_found_by_its_reference_and_filled_once(bench):
    order_id = await bench.unanswered()
    reference = entry(bench).reference

    again = KeptBench(bench.client.journal)
    await bench.client.disconnect()

    def fill(ib):
        again.gateway.execution(order_id, order_ref=reference)

    again.gateway.at_start.append(fill)
    events = again.client.order_events()
    await again.client.connect()
    await again.client.disconnect()
    filled = [event async for event in events if isinstance(event, OrderFilled)]
    assert [event.fill.order_id for event in filled] == [order_id]
    assert again.client.order_by_key("k").status is OrderStatus.FILLED
    assert (entry(again).verdict, again.placed()) == (Verdict.FOUND, [])


async def test_an_order_cancelled_while_away_is_found_among_the_completed_ones(bench):
    order_id = await bench.unanswered()
    bench.gateway.at_start.append(lambda _: bench.completed(order_id))
    bench.gateway.drop()
    await bench.until(S.READY)
    result = bench.client.order_by_key("k")
    assert (result.status, result.perm_id) == (OrderStatus.CANCELLED, 1000 + order_id)


async def test_an_incomplete_second_look_keeps_the_gate_closed_until_it_is_complete(bench):
    await bench.unanswered()
    ends = bench.gateway.unanswered

    def once(*_):
        ends.add("completedOrders")

    bench.gateway.answers["reqAllOpenOrders"] = once
    bench.gateway.drop()
    await bench.until(S.RECONNECTING)
    async with asyncio.timeout(20):
        while "completedOrders" not in ends:
            await asyncio.sleep(0)
    assert entry(bench).verdict is None
    with pytest.raises(NotConnected):
        await bench.client.place_order(AAPL, LIMIT)
    del bench.gateway.answers["reqAllOpenOrders"]
    ends.clear()
    await bench.until(S.READY)
    assert entry(bench).verdict is Verdict.NOT_ACCEPTED


@pytest.mark.parametrize(
    ("prepare", "options", "rule"),
    [
        (lambda _: None, {"read_only": True}, "i"),
        (lambda _: None, {"client_id": 9}, "i"),
        (lambda made: setattr(made.gateway, "next_valid_id", 500), {}, "e"),
        (lambda made: setattr(made.gateway, "accounts", ["DU7654321"]), {}, "i"),
    ],
    ids=[
        "read only: no lists",
        "another client id: not fenced",
        "the id is used up",
        "a gateway of another account",
    ],
)
async def test_what_a_restart_cannot_prove_stays_in_doubt(bench, prepare, options, rule):
    await bench.unanswered()
    await bench.client.disconnect()
    again = KeptBench(bench.client.journal, **options)
    prepare(again)
    await again.client.connect()
    assert (entry(again).verdict, entry(again).rule) == (Verdict.UNKNOWN, rule)
    assert len(again.client.in_doubt()) == again.client.metrics.orders_in_doubt == 1
    await again.client.disconnect()


async def test_an_order_in_doubt_is_counted_after_a_restart_though_the_gateway_is_away(bench):
    await bench.unanswered()
    await bench.client.disconnect()
    again = KeptBench(bench.client.journal, connect_attempts=1)
    again.gateway.refusals = 1
    with pytest.raises(ConnectivityError):
        await again.client.connect()
    assert len(again.client.in_doubt()) == again.client.metrics.orders_in_doubt == 1
    await again.client.disconnect()


async def test_an_order_under_way_when_the_gateway_lost_ib_is_held_until_it_regained_it(bench):
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    bench.gateway.error(-1, 1100)
    with pytest.raises(OrderStateUnknown):
        await task
    bench.gateway.drop()
    await bench.until(S.READY)
    assert (entry(bench).verdict, entry(bench).rule) == (Verdict.UNKNOWN, "f")
    bench.gateway.error(-1, 1102)
    async with asyncio.timeout(20):
        while bench.client.in_doubt():
            await asyncio.sleep(0)
    assert entry(bench).rule == "d"


async def test_a_look_that_stays_incomplete_after_an_outage_ends_the_link(bench):
    bench.gateway.error(-1, 1100)
    bench.gateway.unanswered.add("openOrders")
    bench.gateway.error(-1, 1102)
    await bench.until(S.RECONNECTING)
    bench.gateway.unanswered.clear()
    await bench.until(S.READY)


async def test_an_outage_during_a_start_up_is_remembered_of_what_is_in_doubt(bench):
    await bench.unanswered()
    bench.gateway.at_start.append(lambda _: bench.gateway.error(-1, 1100))
    bench.gateway.drop()
    await bench.until(S.DEGRADED)
    bench.gateway.at_start.clear()
    bench.gateway.drop()
    await bench.until(S.READY)
    assert (entry(bench).verdict, entry(bench).rule) == (Verdict.UNKNOWN, "f")


async def test_a_list_the_gateway_refuses_does_not_make_an_order_refused(bench):
    bench.gateway.refused["executions"] = 321
    with pytest.raises(OrderStateUnknown):
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert len(bench.client.in_doubt()) == len(bench.placed()) == 1


async def test_orders_that_stay_in_doubt_are_counted_after_each_restart(bench):
    await bench.unanswered()
    await bench.client.disconnect()
    for _ in range(2):
        again = KeptBench(bench.client.journal)
        again.gateway.next_valid_id = 500
        await again.client.connect()
        assert len(again.client.in_doubt()) == again.client.metrics.orders_in_doubt == 1
        await again.client.disconnect()


async def test_an_order_closed_by_hand_while_the_client_was_away_stays_closed(tmp_path):
    bench = KeptBench(Journal(tmp_path / "journal"))
    await bench.client.connect()
    await bench.unanswered()
    await bench.client.disconnect()
    words = "orders --journal {} close k --as filled --reason statement"
    done = CliRunner().invoke(cli, words.format(tmp_path / "journal").split())
    assert done.exit_code == 0, done.output
    bench.gateway.next_valid_id = 500
    await bench.client.connect()
    assert bench.client.in_doubt() == ()
    assert bench.client.order_by_key("k").status is OrderStatus.FILLED
    assert entry(bench).rule == BY_HAND
    await bench.client.disconnect()


async def test_ids_go_on_where_the_last_process_stopped(bench, restarted):
    order_id = await bench.unanswered()
    again = await restarted()
    again.gateway.next_valid_id = 1  # a gateway that never saw the order
    task = await again.start(again.client.place_order(AAPL, LIMIT))
    assert again.placed()[0][0] > order_id
    again.gateway.open_order(again.placed()[0][0])
    await task


async def test_counters_are_the_rows_of_this_process(bench, restarted):
    await bench.unanswered("one")
    assert bench.client.metrics.orders_total == bench.client.journal.counts().sends == 1
    again = await restarted()
    assert again.client.metrics.orders_total == 0
    await again.unanswered("two")
    assert again.client.metrics.orders_total == again.client.journal.counts().sends - 1 == 1


async def test_a_message_stuck_in_a_dead_socket_is_proved_unsent(bench):
    transport, conn = bench.gateway.ib.client.conn.transport, bench.gateway.ib.client.conn
    transport.stuck = 10
    conn.numBytesSent = 10
    order_id = await bench.unanswered()
    bench.client._link.drop("no answer to the heartbeat")
    await bench.until(S.READY)
    assert (entry(bench).verdict, entry(bench).rule) == (Verdict.NOT_SENT, "b")
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    again = bench.placed()[-1][0]
    assert again > order_id
    bench.gateway.open_order(again)
    assert (await task).order_id == again


async def test_a_second_client_on_the_same_file_is_refused_at_connect(tmp_path):
    one, two = Bench(journal=tmp_path / "journal"), Bench(journal=tmp_path / "journal")
    await one.client.connect()
    with pytest.raises(JournalError, match="in use by another client"):
        await two.client.connect()
    assert (two.client.state, two.gateway.connect_calls) == (S.DISCONNECTED, [])
    await one.client.disconnect()
    await two.client.connect()
    await two.client.disconnect()


async def test_orders_of_a_file_can_be_looked_into_without_a_connection(tmp_path):
    path = tmp_path / "journal"
    one = Bench(journal=path)
    await one.client.connect()
    with pytest.raises(OrderStateUnknown) as caught:
        await one.client.place_order(AAPL, LIMIT, key="k")
    looking = IBKRClient(journal=path)
    assert looking.order_by_key("k").order_id == caught.value.order_id
    assert [one.key for one in looking.in_doubt()] == ["k"]
    assert looking.order(caught.value.order_id).key == "k"
    await one.client.disconnect()


def test_a_mock_writes_no_file(tmp_path):
    mock = MockIBKRClient(IBKRClient(journal=tmp_path / "journal").settings)
    assert mock.journal.path is None


async def test_an_order_of_another_contract_is_another_order(bench):
    await bench.unanswered()
    with pytest.raises(IdempotencyConflict):
        await bench.client.place_order(Contract.stock("TWIN"), LIMIT, key="k")
    await turn()
    assert len(bench.placed()) == 1


# --- looking again while the link stays up ------------------------------------------------


async def looked(bench):
    """Let one pause end, and what follows it: a look, unless there is nothing to look for."""
    await turn()
    pauses = bench.look_pauses
    bench.looks.set()
    async with asyncio.timeout(20):
        while bench.client._watch.is_awake and bench.look_pauses == pauses:
            await asyncio.sleep(0)


async def test_an_order_without_a_trace_on_a_live_link_is_not_accepted_after_a_look(bench):
    await bench.unanswered()
    assert len(bench.client.in_doubt()) == bench.client.metrics.orders_in_doubt == 1
    await looked(bench)
    assert (entry(bench).verdict, entry(bench).rule) == (Verdict.NOT_ACCEPTED, "d")
    assert (bench.client.in_doubt(), bench.client.metrics.orders_in_doubt) == ((), 0)
    assert len(bench.gateway.connect_calls) == 1
    assert len(bench.placed()) == 1
    assert len(bench.gateway.sent("reqAllOpenOrders")) == 2


async def test_an_order_a_look_finds_is_live(bench):
    order_id = await bench.unanswered()
    bench.gateway.answers["reqAllOpenOrders"] = lambda: bench.gateway.open_order(
        order_id, status="Submitted"
    )
    await looked(bench)
    assert bench.client.order_by_key("k").status is OrderStatus.SUBMITTED
    assert bench.client.in_doubt() == ()


async def test_nobody_looks_when_nothing_is_in_doubt_any_more(bench):
    order_id = await bench.unanswered()
    await turn()
    assert bench.look_pauses == 1
    bench.gateway.status(order_id, "Submitted")
    await looked(bench)
    assert bench.gateway.sent("reqAllOpenOrders") == []
    assert not bench.client._watch.is_awake


async def test_an_order_sent_during_a_look_is_not_judged_by_it(bench):
    await bench.unanswered("one")
    late = []

    async def send_another():
        late.append(asyncio.create_task(bench.client.place_order(AAPL, LIMIT, key="two")))
        await turn()
        late[0].cancel()

    bench.gateway.answers["reqAllOpenOrders"] = lambda: (
        late or asyncio.get_running_loop().create_task(send_another())
    )
    await looked(bench)
    await asyncio.wait(late)
    assert entry(bench, "one").verdict is Verdict.NOT_ACCEPTED
    assert entry(bench, "two").verdict in {None, Verdict.UNKNOWN}
    assert bench.client._watch.is_awake
    await looked(bench)
    assert entry(bench, "two").verdict is Verdict.NOT_ACCEPTED


async def test_an_incomplete_look_judges_nothing_and_is_taken_again(bench):
    await bench.unanswered()
    bench.gateway.unanswered.add("completedOrders")
    await looked(bench)
    assert entry(bench).verdict is None
    bench.gateway.unanswered.clear()
    await looked(bench)
    assert entry(bench).verdict is Verdict.NOT_ACCEPTED


async def test_a_refused_look_judges_nothing_and_is_taken_again(bench):
    await bench.unanswered()
    bench.gateway.refused["executions"] = 100
    await looked(bench)
    assert entry(bench).verdict is None
    bench.gateway.refused.clear()
    await looked(bench)
    assert entry(bench).verdict is Verdict.NOT_ACCEPTED


async def test_looks_leave_nothing_behind(bench):
    asked = bench.client._link._snapshot
    for _ in range(5):
        await bench.client._link.snapshot()
    assert len(asked) <= 3


async def test_looking_ends_with_the_client(bench):
    await bench.unanswered()
    await turn()
    assert bench.look_pauses == 1
    await bench.client.disconnect()
    assert not bench.client._watch.is_awake


# --- cancels in the journal -----------------------------------------------------------------


async def test_a_cancel_is_kept_before_it_is_sent_and_until_it_is_confirmed(bench):
    order_id = await bench.resting()
    reference = bench.client.journal.entries()[0].reference
    bench.client.journal.sent = lambda: len(bench.gateway.sent("cancelOrder"))
    cancel = await bench.start(bench.client.cancel_order(order_id))
    bench.gateway.status(order_id, "Cancelled")
    await cancel
    assert ("cancel_sent", 0) in bench.client.journal.rows
    assert not bench.client.journal.by_reference(reference).is_cancelling
    kinds = [line.kind for line in bench.client.journal.story(reference)]
    assert kinds.index("cancel_sent") < len(kinds) - 1
    assert kinds[-1] == "status"


async def test_after_a_restart_it_is_known_that_a_cancel_was_under_way(bench, restarted):
    order_id = await bench.resting()
    with pytest.raises(OrderStateUnknown):
        await bench.client.cancel_order(order_id)
    with capture_logs() as logs:
        again = await restarted()
    (known,) = again.client.journal.open_entries()
    assert (known.order_id, known.is_cancelling) == (order_id, True)
    assert "order_cancel_unconfirmed" in {line["event"] for line in logs}


async def test_a_refused_cancel_is_not_under_way_any_more(bench):
    order_id = await bench.resting()
    cancel = await bench.start(bench.client.cancel_order(order_id))
    bench.gateway.error(order_id, 161, "not cancellable")
    with pytest.raises(CancelTooLate):
        await cancel
    (known,) = bench.client.journal.entries()
    assert (known.cancel_sent, known.is_settled) == (False, False)


async def test_a_cancel_goes_out_even_where_it_cannot_be_kept(bench, monkeypatch):
    order_id = await bench.resting()

    def fail(*_, **__):
        raise JournalError("the disk is full")

    monkeypatch.setattr(bench.client.journal, "event", fail)
    cancel = await bench.start(bench.client.cancel_order(order_id))
    assert len(bench.gateway.sent("cancelOrder")) == 1
    bench.gateway.status(order_id, "Cancelled")
    assert (await cancel).status is OrderStatus.CANCELLED


@pytest.mark.parametrize(
    ("code", "error"),
    [(10147, OrderNotFound), (10148, CancelTooLate), (161, CancelTooLate)],
)
async def test_a_refused_cancel_says_nothing_of_the_order_in_doubt(bench, code, error):
    order_id = await bench.unanswered()
    cancel = await bench.start(bench.client.cancel_order(order_id))
    bench.gateway.error(order_id, code, "cannot be cancelled, state: Filled")
    with pytest.raises(error):
        await cancel
    assert (entry(bench).reject_code, entry(bench).cancel_sent) == (None, False)
    assert len(bench.client.in_doubt()) == 1
    with pytest.raises(OrderStateUnknown):
        await bench.client.place_order(AAPL, LIMIT, key="k")


async def test_a_refused_cancel_is_no_answer_to_who_waits_for_the_order(bench):
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    ((order_id, _, _),) = bench.placed()
    cancel = await bench.start(bench.client.cancel_order(order_id))
    bench.gateway.error(order_id, 10148, "cannot be cancelled, state: Filled")
    with pytest.raises(CancelTooLate):
        await cancel
    bench.gateway.execution(order_id)
    assert (await task).status is OrderStatus.FILLED


async def test_who_gives_up_a_cancel_leaves_the_others_waiting_for_it(bench):
    order_id = await bench.resting()
    one = await bench.start(bench.client.cancel_order(order_id))
    two = await bench.start(bench.client.cancel_order(order_id))
    one.cancel()
    await asyncio.wait({one})
    bench.gateway.status(order_id, "Cancelled")
    assert (await two).status is OrderStatus.CANCELLED
    assert len(bench.gateway.sent("cancelOrder")) == 1


async def test_a_cancel_that_was_not_answered_can_be_sent_again(bench):
    order_id = await bench.resting()
    with pytest.raises(OrderStateUnknown):
        await bench.client.cancel_order(order_id)
    again = await bench.start(bench.client.cancel_order(order_id))
    assert len(bench.gateway.sent("cancelOrder")) == 2
    bench.gateway.status(order_id, "Cancelled")
    assert (await again).status is OrderStatus.CANCELLED


async def test_a_cancel_that_was_not_sent_is_not_kept_as_sent(bench, monkeypatch):
    order_id = await bench.resting()
    turn_comes = asyncio.Event()
    monkeypatch.setattr(bench.client._link, "slot", turn_comes.wait)
    cancel = await bench.start(bench.client.cancel_order(order_id))
    bench.gateway.drop()
    turn_comes.set()
    with pytest.raises(NotConnected):
        await cancel
    (known,) = bench.client.journal.entries()
    assert not known.cancel_sent


async def test_an_order_whose_writing_failed_is_in_doubt(bench, monkeypatch):
    def fail(*_):
        raise RuntimeError("half a message")

    monkeypatch.setattr(bench.gateway.ib.client, "placeOrder", fail, raising=False)
    with pytest.raises(RuntimeError):
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert len(bench.client.in_doubt()) == bench.client.metrics.orders_in_doubt == 1


async def test_a_client_that_lost_its_link_keeps_the_journal_from_others(tmp_path):
    path = tmp_path / "journal"
    one, two = Bench(journal=path), Bench(journal=path)
    await one.client.connect()
    one.gateway.refusals = 1000
    one.let_sleep.clear()
    one.gateway.drop()
    await one.until(S.RECONNECTING)
    with pytest.raises(JournalError, match="in use by another client"):
        await two.client.connect()
    await one.client.disconnect()
    await two.client.connect()
    with pytest.raises(JournalError, match="in use by another client"):
        await one.client.connect()
    await two.client.disconnect()
