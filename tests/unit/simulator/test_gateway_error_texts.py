"""The table of error texts against wordings seen on the wire of real gateways.

`captured_errors.jsonl` holds every wording known: `seen` is "capture" for a recorded frame
and "log" for what somebody's log shows. Red: a text that no gateway sends; a code that was
seen and is neither sent nor accounted for; a text that nothing sends.
"""

import json
import re
from pathlib import Path

import pytest

import simulator.gateway
from simulator.gateway.texts import TEXTS
from simulator.instruments import combos

HERE = Path(__file__).parent
CAPTURED: list[dict] = [
    json.loads(line) for line in (HERE / "captured_errors.jsonl").read_text("utf-8").splitlines()
]

OTHER_BUILDS = {
    (100, "Max rate of messages per second has been exceeded."): "before rates were told",
    (100, "…max=50 rec=161"): "before violations were counted",
    (162, "Mensaje de error"): "a gateway that speaks Spanish",
    (202, "At the open order"): "the reason alone, as a log quotes it",
    (320, "Error reading request:Message type"): "before the dot, as 321 below",
    (321, "Error validating request:-'"): "of 2018 and before: a colon for the dot",
    (322, "Error processing request:Only"): "of 2018 and before: a colon for the dot",
    (326, "Unable connect as"): "of 2016",
    (354, "Requested market data is not subscribed.Delayed"): "names exchanges; 10089 since",
    (354, "Requested market data is not subscribed.Error&"): "names exchanges; 10089 since",
    (399, "Order Message: BUY"): "on one line",
    (1100, "Connectivity between IB and"): "before the name was IBKR",
    (1102, "Connectivity between IB and"): "before the name was IBKR",
    (2174, "Warning: …"): "fragments, quoted by a log",
    (10089, "…for more details."): "of bars and tick-by-tick data, which are never delayed",
    (10148, "OrderId 230"): "spelled `can not`",
    (10314, "Manual Order Cancel Time"): "cut short and its lines joined by a log",
    (10349, "…preset"): "without its dot, in a log",
}
"""Wordings of other builds or languages, by how they begin (or, after `…`, end)."""

NOT_SENT = {
    "pushed by the market, not by a request": {317, 10225},
    "every share can be borrowed": {404},
    "every scan is permitted": {490, 492},
    "raised inside clients, never on the wire": {502, 504},
    "told of lost streams by no gateway that was seen here: inject it": {10182},
    "each client has its own account data; seen only with its place-holder unfilled": {2101},
    "bonds and informational products are traded like stocks": {2113, 2129},
    "precautionary settings are off": {10311},
}
"""Codes seen that no request to the simulator can meet, by the reason."""

NEVER_MET = {
    "another code was seen in its place": {
        *(102, 386),  # 322
        136,  # 10148
        *(160, 355),  # 434 and 321
        *(330, 411),  # the list itself, and 2109
        *(312, 313, 314, 10318),  # 321
    },
    "of presets and precautionary settings, which are off": {
        109,
        382,
        383,
        481,
        2137,
        10256,
        10257,
    },
    "told as 10314 or 107 today": {106, 337, 343},
    "trailing stops are attached to orders of any type today": {328},
    "times of algorithms are taken as they are": {2111},
    "of quotes that are asked for, and of orders of funds in money": {
        *(415, 416, 421, 423, 424, 425, 426, 427, 428),
    },
    "exchanges do not die": {116},
    "what may not be changed has a code of its own": {134},
    "orders and advisor data are processed at once": {2102, 10230},
    "pushed by the market, not by a request": {316},
    "the port does not move: inject it": {1300},
    "raised inside clients, never on the wire": {501, *range(503, 590)} - {504},
}
"""Documented codes that were never seen and that no request to the simulator meets."""

NEVER_SEEN = frozenset(
    {
        *(1101, 2110),
        *(105, 107, 131, 135, 203, 309, 310, 315, 327, 344, 347, 348, 365, 385, 388, 392, 412),
        *(413, 414, 422, 434, 435, 10000, 10006, 10091, 10092, 10186, 10231, 10243, 10250, 10270),
        *(10278, 10280, 10281, 10282, 10283, 10284, 10295, 10339),
        *(111, 113, 117, 132, 146, 147, 148, 152, 157, 158, 159, 168, 311, 325, 329),
        *(341, 345, 346, 349, 350, 352, 353, 356, 358, 359, 393, 398, 402, 403, 408, 409),
        *(410, 417, 418, 419, 429, 436, 440, 441, 442, 10002, 10007, 10008, 10012, 10014),
        *(10236, 10241),
        *(10244, 10251, 10297, 10317, 10326, 10327, 10340, 10341, 10342),
        *range(332, 336),
        *range(361, 365),
        *range(367, 376),
        *range(377, 381),
        *range(446, 450),
        *range(10020, 10028),
        *range(10302, 10308),
    }
)
"""Codes that are sent in the words of the vendor's documentation: nobody showed a frame."""

SEEN_OTHERWISE = frozenset({326, 2174})
"""Codes seen only in the words of another build, or in fragments."""


def plain(text: str) -> str:
    """A text without the two letters that change with every build."""
    return re.sub(r"-'\w{1,2}' :", "-'' :", text)


def fits(template: str, text: str) -> bool:
    parts = re.split(r"\{\w+\}", plain(template))
    return re.fullmatch(".*".join(map(re.escape, parts)), plain(text), re.DOTALL) is not None


def is_like(beginning: str, text: str) -> bool:
    if beginning.startswith("…"):
        return text.endswith(beginning[1:])
    return text.startswith(beginning)


def is_of_another_build(code: int, text: str) -> bool:
    return any(code == c and is_like(words, text) for c, words in OTHER_BUILDS)


SENT = [c for c in CAPTURED if c["code"] in TEXTS and not is_of_another_build(c["code"], c["text"])]


@pytest.mark.parametrize("captured", SENT, ids=lambda c: f"{c['code']}-{c['text'][:30]}")
def test_a_wording_that_was_seen_can_be_sent(captured) -> None:
    assert fits(TEXTS[captured["code"]], captured["text"])


def test_every_code_that_was_seen_is_sent_or_accounted_for() -> None:
    excused = set().union(*NOT_SENT.values())
    assert {c["code"] for c in CAPTURED} - TEXTS.keys() == excused
    assert sum(map(len, NOT_SENT.values())) == len(excused)


def test_every_code_is_sent_in_words_that_were_seen_unless_nobody_saw_any() -> None:
    assert TEXTS.keys() - {c["code"] for c in SENT} == NEVER_SEEN | SEEN_OTHERWISE


def test_what_is_never_met_was_never_seen_and_is_never_sent() -> None:
    never = set().union(*NEVER_MET.values())
    assert not never & TEXTS.keys()
    assert not never & {c["code"] for c in CAPTURED}


def test_the_lists_of_exceptions_hold_nothing_that_is_none() -> None:
    for code, words in OTHER_BUILDS:
        assert any(c["code"] == code and is_like(words, c["text"]) for c in CAPTURED), words


def test_every_text_is_sent_by_some_domain() -> None:
    """Red for a text whose cause nobody looks for."""
    domains = Path(simulator.gateway.__file__).parent.rglob("*.py")
    files = [*(p for p in domains if p.name != "texts.py"), Path(combos.__file__)]
    sources = "\n".join(p.read_text("utf-8") for p in files)
    numbers = set(map(int, re.findall(r"(?<![\w.])\d{1,5}(?![\w.])", sources)))
    assert not TEXTS.keys() - numbers
