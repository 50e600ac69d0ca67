"""What is known to go wrong between a client and IB, and how each of it is had here.

Data, from which `docs/faults.md` is made. A row has faults to inject, or names what else
brings it about, or says why it is not modelled. `seen` is how it shows in ib_insync 0.9.86,
where that was measured; the incidents behind the rows are public issue reports and the
vendor's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One row: exactly one of `inject`, `otherwise` and `not_modelled` says something."""

    id: str
    what: str
    inject: tuple[dict[str, Any], ...] = ()
    otherwise: str = ""
    not_modelled: str = ""
    seen: str = ""


def fault(action: str, **plain: Any) -> dict[str, Any]:
    """A fault as `World.inject` takes it."""
    return {"action": action, **plain}


def had(id_: str, what: str, *inject: dict[str, Any], seen: str = "") -> Trouble:
    return Trouble(id=id_, what=what, inject=inject, seen=seen)


def had_by(id_: str, what: str, otherwise: str, seen: str = "") -> Trouble:
    return Trouble(id=id_, what=what, otherwise=otherwise, seen=seen)


def absent(id_: str, what: str, reason: str) -> Trouble:
    return Trouble(id=id_, what=what, not_modelled=reason)


PLACE, STATUS, EXECUTION = "rx(PlaceOrder)", "tx(OrderStatus)", "tx(ExecutionData)"
NEVER_DONE = "the request never ends; at start-up the connect succeeds all the same"
FALSE_CANCEL = "the order is shown as cancelled, and lives"

CATALOGUE: tuple[Trouble, ...] = (
    had("T1", "Reset with orders under way", fault("rst", at=PLACE), seen="disconnected"),
    had("T2", "End of the stream amid a session", fault("fin", at=STATUS), seen="disconnected"),
    had("T3", "Half open: nothing comes, nothing fails", fault("mute"), seen="still connected"),
    had(
        "T4",
        "Bytes that a frozen gateway hears after the client gave up",
        fault("mute", buffer=True, seconds=60),
        seen="an order appears later",
    ),
    had("T5", "A proxy without a gateway", fault("fin", at="accept"), seen="connect times out"),
    had("T6", "A queue that nobody serves", fault("never_read", at="accept"), seen="times out"),
    had("T7", "Connection refused", fault("refuse", seconds=60), seen="ConnectionRefusedError"),
    had(
        "T8",
        "Any split of the stream, or many frames at once",
        fault("slice", at="accept", size=1),
        fault("coalesce", at=PLACE, seconds=1),
        seen="no difference",
    ),
    had("T9", "A slow reader or writer", fault("slow", bytes_per_s=100)),
    had(
        "T10",
        "The port moves",
        fault("error", at=PLACE, code=1300, text="reconnect on the new port - 4003"),
        fault("fin", at="rx(RequestIds)"),
    ),
    had("S1", "A slow handshake", fault("mute", at="hs", buffer=True, direction="out", seconds=30)),
    had("S2", "The dialog for incoming connections", fault("mute", at="accept", direction="out")),
    had(
        "S3",
        "No order id, or no accounts, at start-up",
        fault("swallow", at="tx(NextValidId)"),
        fault("swallow", at="tx(ManagedAccounts)"),
        fault("reorder", at="tx(ManagedAccounts)#2"),
        fault("alter", at="tx(ManagedAccounts)#3", field="accounts", text=""),
        seen="connect times out",
    ),
    had("S4", "A client id that is not let go", fault("stale_session", client_id=1, seconds=60)),
    had("S5", "The nightly restart", fault("restart", kind="soft", outage_s=35)),
    had(
        "S6", "The weekly restart with a new login", fault("restart", kind="cold", outage_s=86_400)
    ),
    had("S7", "A competing session", fault("lose_upstream")),
    had(
        "S8",
        "A snapshot that never ends",
        *(
            fault("swallow", at=f"tx({name})")
            for name in (
                "OpenOrderEnd",
                "PositionEnd",
                "ExecutionDataEnd",
                "CompletedOrdersEnd",
                "AccountDownloadEnd",
            )
        ),
        seen=NEVER_DONE,
    ),
    had_by("S9", "The read-only API", "setting `read_only`", seen="error 321"),
    had_by("S10", "Another version of the server", "setting `server_version`"),
    had("S11", "Order ids that come again", fault("next_id", rule="back", by=3)),
    had("S12", "Duplicate order id", fault("error", at=PLACE, code=103, instead=True)),
    had_by("S13", "Two processes with one client id", "two clients: the second gets 326"),
    had("U1", "The connection to IB is lost", fault("lose_upstream", repeats=3)),
    had("U2", "It is restored, data maintained", fault("lose_upstream", seconds=180)),
    had(
        "U3",
        "It is restored, data lost",
        fault("lose_upstream"),
        fault("restore_upstream", at="time+60", data_lost=True),
    ),
    had(
        "U4",
        "One of the two notices is missing",
        fault("error", at="time+1", code=1102, text="restored - data maintained"),
    ),
    had("U5", "Orders held and placed later", fault("lose_upstream", maintain=True, seconds=60)),
    had("U6", "New terms become a second order", fault("lose_upstream", clones=True, seconds=60)),
    had("U7", "No connection from TWS to its server", fault("lose_upstream", code=2110)),
    had(
        "U8",
        "Data farms are broken, idle, connecting",
        fault("farm", name="usfarm", state="broken"),
        fault("farm", name="ushmds", state="dormant"),
        fault("farm", name="secdefnj", state="broken"),
        fault("farm", name="usfarm", state="connecting"),
    ),
    had("U9", "Flapping", fault("flap", count=24, seconds=60)),
    had("U10", "A request without an answer", fault("swallow", at="rx(RequestContractData)")),
    had_by("P1", "Too many messages, refused", "setting `max_requests_per_s`", seen="error 100"),
    had("P2", "Too many messages, queued", fault("delay", at=PLACE, times=None, seconds=2)),
    absent("P3", "The queue of the library is lost", "a fault of the client; cut it to see it"),
    had_by("P4", "Too many lines", "more than 100 tickers (101), four depths (309)"),
    had_by("P5", "History asked for too fast", "setting `historical_pacing`", seen="error 162"),
    had("P6", "No answer to a head time stamp", fault("swallow", at="rx(RequestHeadTimestamp)")),
    had("F1", "An empty frame", fault("raw", at=STATUS, data="00000000")),
    had(
        "F2",
        "A length that is a lie",
        fault("raw", at=STATUS, data="7fffffff"),
        seen="connected, and deaf",
    ),
    had("F3", "A message nobody knows", fault("unknown", at=STATUS, message_id=178), seen="logged"),
    had("F4", "A number that is none", fault("alter", at="tx(NextValidId)", field="2", text="x")),
    had(
        "F5",
        "Fields too few or too many",
        fault("truncate", at=EXECUTION, fields=4),
        fault("extend", at="tx(OpenOrder)", texts=["0", "0"]),
        seen="the message is lost, and logged",
    ),
    had("F6", "Text in another encoding", fault("corrupt", at="tx(ErrorMessage)", position=12)),
    had(
        "F7",
        "A time zone nobody knows",
        fault("alter", at=EXECUTION, field="execution.time", text="20250616  10:00:00 MET"),
        seen="the fill is lost",
    ),
    had("F8", "A garbled frame", fault("corrupt", at="tx(OpenOrder)", position=3, mask=0x30)),
    had(
        "F9",
        "Numbers that mean none",
        fault("alter", at="tx(TickPrice)", field="price", text="1.7976931348623157E308"),
        fault("alter", at="tx(TickPrice)", field="price", text="-1"),
    ),
    had(
        "F10",
        "A time without a zone",
        fault("alter", at=EXECUTION, field="execution.time", text="20251102 01:30:00"),
    ),
    had(
        "O1",
        "A code that does not end an order",
        fault("error", at=STATUS, code=10349),
        seen=FALSE_CANCEL,
    ),
    had(
        "O2",
        "An order without an answer",
        fault("swallow", at=PLACE),
        fault("silence", at=f"{PLACE}#2"),
        fault("delay", at=f"{PLACE}#3", seconds=300),
        seen="PendingSubmit for ever",
    ),
    had("O3", "No status at all", fault("swallow", at=STATUS, times=None)),
    had("O4", "A status twice", fault("duplicate", at=STATUS)),
    had("O5", "A status that goes back", fault("reorder", at=STATUS, window=4)),
    had(
        "O6",
        "A fill after the cancel",
        fault("delay", at=EXECUTION, seconds=2),
        seen="a fill of a cancelled order",
    ),
    had(
        "O7",
        "A cancel too late",
        fault("error", at="rx(CancelOrder)", code=161, text="too late", instead=True),
        seen=FALSE_CANCEL,
    ),
    had("O8", "A cancel without an answer", fault("delay", at="rx(CancelOrder)", seconds=300)),
    had("O9", "A rejection in another order", fault("reorder", at="tx(ErrorMessage)")),
    had("O10", "A cancel without its status", fault("swallow", at=STATUS)),
    had("O11", "An error only", fault("error", at=PLACE, code=203, instead=True)),
    had("O12", "A warning on a live order", fault("error", at=STATUS, code=2109)),
    had_by("O13", "Inactive", "`World.reject_next(201, ...)`"),
    had("O14", "New terms refused or ignored", fault("error", at=PLACE, code=105, instead=True)),
    had("O15", "A bracket cut amid its legs", fault("rst", at=f"{PLACE}#2")),
    had_by("O16", "Orders of others and by hand", "`World.place_manual`, `cancel_manual`, clients"),
    had("O17", "No permanent id at first", fault("alter", at=STATUS, field="perm_id", text="0")),
    had(
        "O18",
        "An error with the id of an order",
        fault("error", at="time+1", code=200, id=1),
        seen=FALSE_CANCEL,
    ),
    had(
        "O19",
        "The server alters an order",
        fault("alter", at="tx(OpenOrder)", field="order.tif", text="GTC"),
    ),
    had_by("O20", "The day ends while nobody is there", "a manual clock, `World.advance`"),
    had("E1", "An execution twice", fault("duplicate", at=EXECUTION)),
    had_by("E2", "A correction", "`World.correct`, `World.bust`", seen="both are summed"),
    had_by("E3", "Fills while away", "disconnect, `World.fill`, connect"),
    had("E4", "Fills while IB is away", fault("lose_upstream", at=EXECUTION)),
    had(
        "E5",
        "A commission late or never",
        fault("delay", at="tx(CommissionReport)", seconds=10),
        fault("swallow", at="tx(CommissionReport)#2"),
    ),
    had("E6", "No end of the executions", fault("swallow", at="tx(ExecutionDataEnd)")),
    had_by("E7", "Midnight", "a manual clock, `World.advance`"),
    had("E8", "Filled before the execution", fault("reorder", at=EXECUTION, window=2)),
    had_by("E9", "Combinations", "orders of type BAG"),
    had_by("E10", "A position that no order explains", "`World.place_manual`"),
    had(
        "E11",
        "Liquidated by the broker",
        fault("alter", at=EXECUTION, field="execution.liquidation", text="1"),
    ),
    had_by("M1", "Data not subscribed", "`World.entitle`"),
    had_by("M2", "Data of a competing session", '`World.entitle("*", "competing")`'),
    had("M3", "No ticks and no error", fault("swallow", at="tx(TickPrice)", times=None)),
    had("M4", "Streams that die", fault("error", at="tx(TickPrice)", code=10182, text="Failed")),
    had("H1", "History without an answer", fault("swallow", at="rx(RequestHistoricalData)")),
    had(
        "C1",
        "A contract that is not known",
        fault("error", at="rx(RequestContractData)", code=200, instead=True),
    ),
    absent("X1", "The client is killed", "a fault of the client's side"),
    absent("X2", "The client's disk is full", "a fault of the client's side"),
    had("X3", "The gateway pauses", fault("mute", buffer=True, seconds=20)),
    absent("X4", "The client's clock is wrong", "a fault of the client's side"),
)
"""Transport, sessions, IB away, limits, framing, orders, executions, data, the client itself."""


def page() -> str:
    """The table for users."""
    lines = [HEAD]
    for row in CATALOGUE:
        how = "<br>".join(f"`{_call(each)}`" for each in row.inject)
        how = how or row.otherwise or f"not modelled: {row.not_modelled}"
        lines.append(f"| {row.id} | {row.what} | {how} | {row.seen} |\n")
    return "".join(lines)


def _call(plain: dict[str, Any]) -> str:
    given = [repr(plain["action"])]
    given += [f"{name}={value!r}" for name, value in plain.items() if name != "action"]
    return f"inject({', '.join(given)})".replace("'", '"')


HEAD = """# What goes wrong, and how to have it

Made by `python -m simulator.faults.catalogue` from the table of that module; a test holds them
equal and injects every row. `inject` is that of `World`, `ControlClient` and of the lines in
a file of `ibkr-sim serve --faults`. The last column is what a client on ib_insync 0.9.86 sees.

| id | what goes wrong | how to have it | what ib_insync sees |
|---|---|---|---|
"""

if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
