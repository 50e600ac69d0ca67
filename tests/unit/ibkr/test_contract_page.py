"""What the page makes of results, as far as no browser is needed to see it."""

from ibkr.contract.page import render
from ibkr.contract.results import Failure, Frame, Result, Results, Run, Scenario


def page_of(*frames: Frame) -> str:
    failure = Failure(phase="call", message="no", detail="no")
    result = Result(
        tier="mock", outcome="failed", duration_s=1, failures=(failure,), transcript=frames
    )
    scenario = Scenario(feature="Orders", file="o.feature", line=1, name="One", results=(result,))
    return render(Results(runs=(Run(),), scenarios=(scenario,)))


def test_many_like_messages_in_a_row_are_one_line_and_do_not_bury_the_others():
    values = [Frame(direction="out", name="AccountValue", fields=f"key={n}") for n in range(160)]
    page = page_of(
        Frame(direction="in", name="PlaceOrder", fields="order_id=7"),
        *values,
        Frame(direction="out", name="OrderStatus", fields="order_id=7, status=Submitted"),
        Frame(direction="out", name="OrderStatus", fields="order_id=7, status=Filled"),
    )
    assert "the last 163 messages" in page
    assert page.count("AccountValue") == 1
    assert "160 in a row, the last one" in page
    assert "key=159" in page
    assert "key=158" not in page
    assert page.count("OrderStatus") == 2


def test_messages_of_two_clients_are_not_taken_for_a_row():
    page = page_of(*(Frame(client_id=n % 2, direction="in", name="Ping") for n in range(10)))
    assert page.count("Ping") == 10
