"""The journal as text. Which bug turns these red: a restart after which truth is another."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import (
    AAPL,
    DATABASE,
    EVENTS,
    a_journal,
    an_order,
    entries_of,
    records,
)

from simulator.broker.records import Accepted, Entry, Executed, Replaced
from simulator.instruments import Instrument
from simulator.records import (
    ComboLeg,
    Contract,
    Execution,
    MarginCondition,
    PriceCondition,
    Status,
    TimeCondition,
)
from simulator.state import MisfitError, Source, journal_lines, read_line
from simulator.state.forms import form_of

ACCEPTED_LINE = (
    '{"event":{"Accepted":{"order":{"account":"DU9000001","client_id":1,"contract":{"con_id":'
    '265598,"exchange":"SMART","sec_type":"STK","symbol":"AAPL"},"instrument":265598,"order":'
    '{"action":"BUY","limit_price":"99.50","order_type":"LMT","total_quantity":"100"},'
    '"order_id":1,"perm_id":1000000001,"quantity":"100","status":"Submitted"}}},'
    '"sequence":1,"time_ms":1000}'
)


def line_of(entry: Entry) -> str:
    (line,) = journal_lines([entry])
    return line


def read(line: str) -> Entry:
    return read_line(line.encode(), Source(DATABASE.__getitem__, DATABASE.find))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_event_is_read_as_it_was_written(kind, data) -> None:
    (entry,) = entries_of(data.draw(records(kind)))
    line = line_of(entry)
    again = read(line)
    assert again == entry
    assert repr(again) == repr(entry)  # 1.50 is not 1.5
    assert line_of(again) == line
    assert line.isascii()
    assert "\n" not in line


def test_a_line_of_today_is_read_tomorrow() -> None:
    (entry,) = entries_of(Accepted(an_order(1)))
    assert line_of(entry) == ACCEPTED_LINE
    assert read(ACCEPTED_LINE) == entry


def test_conditions_keep_their_kinds() -> None:
    conditions = (
        PriceCondition(price=D("1.10"), con_id=265598),
        TimeCondition(conjunction="o", time="20260105 10:00:00"),
        MarginCondition(percent=30),
    )
    order = an_order(1)
    (entry,) = entries_of(
        Accepted(replace(order, order=replace(order.order, conditions=conditions)))
    )
    kept = read(line_of(entry)).event.order.order.conditions
    assert kept == conditions
    assert [type(condition) for condition in kept] == [type(c) for c in conditions]


def test_zero_with_decimals_is_not_taken_for_a_default() -> None:
    (entry,) = entries_of(Accepted(an_order(1, filled=D("0.00"))))
    assert str(read(line_of(entry)).event.order.filled) == "0.00"


def combo_of(contract: Contract) -> list[Instrument]:
    legs = contract.combo_legs
    number = sum(leg.con_id * leg.ratio for leg in legs) + 1
    return [replace(AAPL, con_id=number, sec_type="BAG")] if legs else []


def test_a_combination_is_found_by_the_contract_of_its_order() -> None:
    legs = (ComboLeg(con_id=265598, ratio=1), ComboLeg(con_id=272093, ratio=2))
    contract = Contract(symbol="AAPL", sec_type="BAG", combo_legs=legs)
    (combo,) = combo_of(contract)
    order = replace(an_order(1), instrument=combo, contract=contract)
    execution = Execution(exec_id="e.1")
    journal = entries_of(
        Executed(order, execution, 1, D(1), None, combo, is_booked=False),
        Executed(order, execution, 1, D(1), None, AAPL),
    )
    source = Source(DATABASE.__getitem__, combo_of)
    assert [read_line(line.encode(), source) for line in journal_lines(journal)] == journal


def changed(**fields) -> str:
    line = json.loads(ACCEPTED_LINE)
    line["event"]["Accepted"]["order"] |= fields
    return json.dumps(line)


def without(name: str) -> str:
    line = json.loads(ACCEPTED_LINE)
    del line["event"]["Accepted"]["order"][name]
    return json.dumps(line)


ORDER = "event.Accepted.order"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "[] is no Entry"),
        ('{"sequence":1,"time_ms":1}', "event: is missing"),
        ('{"event":{},"sequence":1,"time_ms":1}', "event: {} is none of ['Accepted', "),
        ('{"event":{"Lost":{}},"sequence":1,"time_ms":1}', "event: {'Lost': {}} is none of"),
        (ACCEPTED_LINE.replace(":1000}", ":true}"), "time_ms: True is no integer"),
        (without("account"), f"{ORDER}.account: is missing"),
        (changed(colour="red"), f"{ORDER}.colour: is no field of BrokerOrder"),
        (changed(account=7), f"{ORDER}.account: 7 is no text"),
        (changed(quantity=100), f"{ORDER}.quantity: 100 is no decimal"),
        (changed(quantity="1_0"), f"{ORDER}.quantity: '1_0' is no decimal"),
        (changed(quantity="ten"), f"{ORDER}.quantity: 'ten' is no decimal"),
        (changed(is_triggered=1), f"{ORDER}.is_triggered: 1 is no truth value"),
        (changed(status="Lost"), f"{ORDER}.status: 'Lost' is no Status; known are ["),
        (changed(status=[]), f"{ORDER}.status: [] is no Status"),
        (changed(order={"conditions": {}}), f"{ORDER}.order.conditions: {{}} is no list"),
        (changed(order={"algo_params": [7]}), f"{ORDER}.order.algo_params.0: 7 is no TagValue"),
        (
            changed(order={"misc_options": [["a"]]}),
            f"{ORDER}.order.misc_options.0: ['a'] has 1 members, not 2",
        ),
        (changed(instrument=7), f"{ORDER}.instrument: no instrument has the contract id 7; start"),
        (changed(instrument=1 << 62), f"{ORDER}.instrument: no instrument has the contract id"),
        (changed(instrument="AAPL"), f"{ORDER}.instrument: 'AAPL' is no integer"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(line, complaint) -> None:
    with pytest.raises(MisfitError) as refused:
        read(line)
    assert str(refused.value).startswith(complaint)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"filled": 1}, "filled: 1 is no decimal"),
        ({"changed_ms": True}, "changed_ms: True is no integer"),
        ({"ending": None}, "ending: None is no text"),
        ({"gate": "BOOK"}, "gate: 'BOOK' is no Gate"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(fields, complaint) -> None:
    with pytest.raises(MisfitError) as refused:
        line_of(Entry(1, 1, Accepted(an_order(1, **fields))))
    assert str(refused.value) == f"{ORDER}.{complaint}"


@pytest.mark.parametrize(
    "changes", [{"instrument": 265598}, {"contract": None}, {"status": "Submitted"}]
)
def test_a_record_of_another_kind_is_not_written(changes) -> None:
    with pytest.raises(MisfitError, match=f"{ORDER}.{next(iter(changes))}: "):
        line_of(Entry(1, 1, Accepted(replace(an_order(1), **changes))))


def test_a_text_constant_is_kept_as_text() -> None:
    (entry,) = entries_of(Accepted(an_order(1, ending=Status.CANCELLED)))
    assert type(read(line_of(entry)).event.order.ending) is str


@dataclass(frozen=True)
class Untold:
    either: int | str


@dataclass(frozen=True)
class Unordered:
    names: set[str]


@pytest.mark.parametrize("kind", [Untold, Unordered])
def test_a_record_that_no_journal_can_hold_is_noticed_at_once(kind) -> None:
    with pytest.raises(TypeError, match="no journal can"):
        form_of(kind)


def test_an_order_repeated_in_each_event_stays_small() -> None:
    sizes = [len(line) for line in journal_lines(a_journal(100))]
    assert max(sizes) < 700


def test_what_an_order_repeats_is_read_once_and_digit_by_digit() -> None:
    order = an_order(1)
    other = replace(order, order=replace(order.order, limit_price=D("99.5")))
    source = Source(DATABASE.__getitem__, DATABASE.find)
    journal = entries_of(Accepted(order), Replaced(order), Replaced(other))
    orders = [read_line(line.encode(), source).event.order.order for line in journal_lines(journal)]
    assert orders[0] is orders[1]
    assert [str(order.limit_price) for order in orders] == ["99.50", "99.50", "99.5"]
