"""The plugin in a run of its own: fixtures, settings, strict tests, and what failures tell."""

import subprocess
import sys

import pytest

CONNECTED = """
    import pytest
    from ib_insync import IB, LimitOrder, MarketOrder, Stock

    @pytest.fixture
    def ib(ib_gateway):
        ib = IB()
        ib.connect(ib_gateway.host, ib_gateway.port, clientId=1)
        yield ib
        ib.disconnect()

    def buy(ib, quantity=5, limit=1):
        [contract] = ib.qualifyContracts(Stock("AAPL", "SMART", "USD"))
        return ib.placeOrder(contract, LimitOrder("BUY", quantity, limit))
"""


OF_THE_RUN = CONNECTED.replace("ib_gateway", "ib_gateway_session").replace(
    "@pytest.fixture", '@pytest.fixture(scope="session")'
)


# --- fixtures ---


def test_every_test_has_a_gateway_of_its_own(run) -> None:
    result = run("""
        ports = []

        def test_one(ib_gateway):
            ib_gateway.move_cash(5)
            ports.append(ib_gateway.port)

        def test_another(ib_gateway):
            cash = ib_gateway.valuation(ib_gateway.account).cash
            assert cash == {"USD": 1_000_000}
    """)
    result.assert_outcomes(passed=2)


def test_the_gateway_of_the_session_stays_until_it_is_reset(run) -> None:
    result = run("""
        def test_one(ib_gateway_session):
            ib_gateway_session.move_cash(5)

        def test_another(ib_gateway_session):
            valuation = ib_gateway_session.valuation
            assert valuation(ib_gateway_session.account).cash["USD"] == 1_000_005
            ib_gateway_session.reset()
            assert valuation(ib_gateway_session.account).cash["USD"] == 1_000_000
    """)
    result.assert_outcomes(passed=2)


def test_a_run_without_gateways_does_not_load_the_simulator(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_nothing():
            loaded = [name for name in sys.modules if name.startswith("simulator.")]
            assert loaded == ["simulator.pytest_plugin"]
    """)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:ibkr_testbed"]
    done = subprocess.run(
        [*command, "-p", "simulator.pytest_plugin"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_without(pytestconfig):
            assert not pytestconfig.pluginmanager.hasplugin("simulator.pytest_plugin")
            assert not pytestconfig.pluginmanager.hasplugin("ibkr_testbed")
    """)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:ibkr_testbed"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_parallel_workers_do_not_meet(run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("amount", range(1, 21))
        def test_alone(ib_gateway, amount):
            assert ib_gateway.move_cash(amount) == 1_000_000 + amount
        """,
        "-n",
        "2",
    )
    result.assert_outcomes(passed=20)


def test_what_the_gateway_logs_is_not_printed(run) -> None:
    result = run(
        CONNECTED
        + """
    def test_prints_nothing(ib, ib_gateway, capfd, caplog):
        ib_gateway.inject("mute")
        ib.disconnect()
        out, err = capfd.readouterr()
        assert (out, err) == ("", "")
    """
    )
    result.assert_outcomes(passed=1)


# --- settings ---


def test_a_marker_sets_up_the_gateway(run) -> None:
    result = run("""
        import pytest

        @pytest.mark.ib_gateway(fill_model="scripted", starting_cash={"EUR": 5000.5})
        class TestMarked:
            def test_by_the_class(self, ib_gateway):
                assert ib_gateway.fill_model("AAPL") == "scripted"
                assert ib_gateway.move_cash(1, "EUR") == 5001.5

            @pytest.mark.ib_gateway(fill_model="queue", accounts=["DU1234567"])
            def test_by_the_nearest(self, ib_gateway):
                assert ib_gateway.fill_model("AAPL") == "queue"
                assert ib_gateway.account == "DU1234567"
    """)
    result.assert_outcomes(passed=2)


def test_the_command_line_goes_before_the_ini_file(run) -> None:
    result = run(
        """
        def test_set(ib_gateway, ib_gateway_session):
            assert ib_gateway.fill_model("AAPL") == "queue"
            assert ib_gateway_session.account == "DU1234567"
        """,
        "--ib-gateway",
        "fill-model=queue",
        ini="ib_gateway =\n  fill_model = scripted\n  accounts = DU1234567\n",
    )
    result.assert_outcomes(passed=1)


def test_time_stands_still_unless_another_clock_is_asked_for(run) -> None:
    result = run("""
        import time
        import pytest

        def test_manual(ib_gateway):
            before = ib_gateway.now_ms
            ib_gateway.advance(90)
            assert ib_gateway.now_ms == before + 90_000

        @pytest.mark.ib_gateway(clock="real")
        def test_real(ib_gateway):
            assert abs(ib_gateway.now_ms - time.time() * 1000) < 60_000
    """)
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("fil_model='queue'", "*no setting 'fil_model'; did you mean fill_model? Known are *seed*"),
        ("fill_model='best'", "*fill_model must be one of paper, *, not 'best'"),
        ("7", "*takes settings by name, such as seed=7, not (7,)"),
        ("seed='abc'", "*seed must be a whole number, not 'abc'"),
        ("server_version=999", "*server_version must be between 157 and 200, not 999"),
        ("read_only='no'", "*read_only must be true or false, not 'no'"),
        ("accounts=5", "*account 5 is not a paper account; use one like DU9000001"),
        ("accounts=['DU12345', 'DU12345']", "*accounts must differ from each other, not *"),
        ("starting_cash={}", "*starting_cash must have an amount for each currency, such as *"),
        ("starting_cash={'USD': 'x'}", "*starting_cash must be a number such as 100.25, not 'x'"),
        ("starting_cash={'XXX': 5}", "*starting_cash names 'XXX', which is not known; use one of*"),
        ("max_requests_per_s='a'", "*max_requests_per_s must be a whole number or None, not 'a'"),
        ("withheld='NOPE'", "*withheld 'NOPE' is no symbol or security type*"),
        ("market_data=5", "*5: *"),
        ("strict=True, expects='PlaceOrder'", "*expects must be a list such as*not 'PlaceOrder'"),
        ("strict=True, errors=['201']", "*errors must be a list of codes such as*not*'201'*"),
        ("strict=True, expects=['PlaceOrdr']", "*expects: *did you mean PlaceOrder*Known are *"),
    ],
)
def test_a_marker_that_cannot_be_is_refused(run, marker: str, reason: str) -> None:
    result = run(f"""
        import pytest

        @pytest.mark.ib_gateway({marker})
        def test_never(ib_gateway):
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([reason])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_option_without_a_value_is_refused_before_anything_runs(run) -> None:
    result = run("def test_never(): pass", "--ib-gateway", "seed")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--ib-gateway must be NAME=VALUE, such as seed=7, not seed*"])


# --- strict tests ---


def test_an_order_that_no_assertion_names_fails_a_strict_test(run) -> None:
    result = run(
        CONNECTED
        + """
    @pytest.mark.ib_gateway(strict=True)
    def test_forgets(ib, ib_gateway):
        buy(ib)

    @pytest.mark.ib_gateway(strict=True)
    def test_names_it(ib, ib_gateway):
        buy(ib)
        ib_gateway.assert_received("PlaceOrder", symbol="AAPL")

    def test_is_not_strict(ib, ib_gateway):
        buy(ib)
    """
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["strict ib_gateway:", "unexpected PlaceOrder #* of client 1; assert_received it"]
    )


def test_an_error_that_no_assertion_names_fails_a_strict_test(run) -> None:
    result = run(
        CONNECTED
        + """
    NOPE = Stock("NOPE", "SMART", "USD")

    def test_forgets(ib, ib_gateway):
        ib.qualifyContracts(NOPE)

    def test_names_it(ib, ib_gateway):
        ib.qualifyContracts(NOPE)
        ib_gateway.assert_error(200)

    @pytest.mark.ib_gateway(errors=[200])
    def test_allows_it(ib, ib_gateway):
        ib.qualifyContracts(NOPE)
    """,
        "--ib-gateway-strict",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["client 1 was told error 200 of id *; assert_error it*"])


def test_with_a_list_of_names_all_others_are_unexpected(run) -> None:
    names = (
        "RequestPositions RequestOpenOrders RequestCompletedOrders RequestAccountUpdates "
        "RequestAccountUpdatesMulti RequestExecutions"
    )
    result = run(
        CONNECTED
        + f"""
    NAMES = {names.split()}

    @pytest.mark.ib_gateway(expects=NAMES)
    def test_connects(ib):
        pass

    @pytest.mark.ib_gateway(expects=NAMES)
    def test_asks(ib):
        ib.reqCurrentTime()
    """,
        ini="ib_gateway_strict = true\n",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["unexpected RequestCurrentTime #*, or add it to expects"])


def test_kinds_may_be_expected_by_their_class(run) -> None:
    result = run(
        CONNECTED
        + """
    from simulator.messages.orders import PlaceOrder

    @pytest.mark.ib_gateway(strict=True, expects=[PlaceOrder])
    def test_expected(ib_gateway):
        ib = IB()
        ib.connect(ib_gateway.host, ib_gateway.port, clientId=1)
        buy(ib)
        ib.disconnect()
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unexpected RequestContractData*"])
    result.stdout.no_fnmatch_line("*unexpected PlaceOrder*")


def test_a_peer_that_speaks_something_else_fails_a_strict_test(run) -> None:
    result = run("""
        import socket
        import pytest

        @pytest.mark.ib_gateway(strict=True)
        def test_speaks_http(ib_gateway):
            with socket.create_connection((ib_gateway.host, ib_gateway.port)) as peer:
                peer.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["a peer did not speak the protocol: *GET*"])


def test_a_strict_test_answers_for_the_gateway_of_the_run_only_for_its_own_time(run) -> None:
    result = run(
        OF_THE_RUN
        + """
    strict = pytest.mark.ib_gateway(strict=True)
    NOPE = Stock("NOPE", "SMART", "USD")

    def test_is_not_strict(ib):
        buy(ib, 3)
        ib.qualifyContracts(NOPE)

    @strict
    def test_is_innocent(ib):
        pass

    @strict
    def test_forgets(ib):
        buy(ib, 4)
        ib.qualifyContracts(NOPE)

    @strict
    def test_names_them(ib, ib_gateway_session):
        buy(ib, 5)
        ib.qualifyContracts(NOPE)
        ib_gateway_session.assert_received("PlaceOrder", total_quantity=5)
        ib_gateway_session.assert_error(200)

    @strict
    def test_forgets_it_again(ib):
        ib.qualifyContracts(NOPE)
    """,
        in_own_process=True,  # its clients live as long as the loop of the thread
    )
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        [
            "unexpected PlaceOrder #* of client 1; assert_received it",
            "client 1 was told error 200 of id *",
            "client 1 was told error 200 of id *",
        ]
    )


def test_a_marker_cannot_set_up_the_gateway_of_the_run(run) -> None:
    result = run("""
        import pytest

        @pytest.mark.ib_gateway(seed=3)
        def test_never(ib_gateway_session):
            pass

        @pytest.mark.ib_gateway(seed=3)
        def test_has_both(ib_gateway_session, ib_gateway):
            pass
    """)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*cannot set seed of ib_gateway_session*use the ini file*"])


def test_a_strict_test_that_fails_by_itself_tells_its_own_reason(run) -> None:
    result = run(
        CONNECTED
        + """
    @pytest.mark.ib_gateway(strict=True)
    def test_fails(ib):
        buy(ib)
        raise RuntimeError("its own reason")
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*its own reason*"])
    result.stdout.no_fnmatch_line("strict ib_gateway:")


# --- what failures tell ---


def test_a_failure_shows_what_went_over_the_wire(run) -> None:
    result = run(
        CONNECTED
        + """
    def test_fails(ib, ib_gateway):
        ib_gateway.reject_next(201, "No.")
        buy(ib)
        assert False
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*IB gateway on port * (< received, > sent, ! fault)*",
            "* 1 < PlaceOrder order_id=* symbol=AAPL * total_quantity=5 *",
            "* 1 > ErrorMessage id=* code=201 text=*No.",
        ]
    )


def test_of_the_gateway_of_the_run_a_failure_shows_what_the_test_did(run) -> None:
    result = run(
        OF_THE_RUN
        + """
    def test_one(ib):
        buy(ib, 3)

    def test_fails(ib):
        buy(ib, 4)
        assert False
    """,
        in_own_process=True,
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*IB gateway on port *", "*PlaceOrder*total_quantity=4*"])
    result.stdout.no_fnmatch_line("*PlaceOrder*total_quantity=3*")


def test_a_blocking_call_in_an_async_test_is_told_what_to_do(run) -> None:
    result = run(
        """
        from ib_insync import IB

        async def test_blocks(ib_gateway):
            ib = IB()
            await ib.connectAsync(ib_gateway.host, ib_gateway.port, clientId=1)
            try:
                ib.waitOnUpdate(0)
            finally:
                ib.disconnect()
    """,
        in_own_process=True,  # what a loop in a loop leaves behind is not for others
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*hint of ib_gateway*", "*await its other form (connectAsync*"])


def test_where_nobody_connected_a_failure_says_so(run) -> None:
    result = run("def test_fails(ib_gateway): assert False")
    result.stdout.fnmatch_lines(["*IB gateway on port *", "nobody connected"])


def test_a_failure_in_a_worker_shows_it_too(run) -> None:
    result = run(
        CONNECTED
        + """
    def test_fails(ib):
        buy(ib)
        assert False
    """,
        "-n",
        "1",
    )
    result.stdout.fnmatch_lines(["*IB gateway on port *", "*PlaceOrder*AAPL*"])


def test_a_near_miss_names_the_fields_that_differ(run) -> None:
    result = run(
        CONNECTED
        + """
    def test_fails(ib, ib_gateway):
        buy(ib, 5)
        buy(ib, 7)
        ib_gateway.assert_received("PlaceOrder", action="BUY", total_quantity=6, limit_price=1)
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*expected at least 1 PlaceOrder with action='BUY', total_quantity=6, *received 0",
            "E*PlaceOrder #* of client 1",
            "E*total_quantity: expected 6, received 5",
            "E*total_quantity: expected 6, received 7",
            "E*received in all: PlaceOrder 2, RequestAccountUpdates 1, *",
        ]
    )
    result.stdout.no_fnmatch_line("*limit_price: expected*")


def test_tests_of_every_kind_share_a_run_and_leave_no_loop_behind(run) -> None:
    result = run(
        CONNECTED
        + """
    import gc
    import unittest

    def test_without_a_client(ib_gateway):
        ib_gateway.move_cash(1)

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_anyio(ib_gateway, anyio_backend):
        ib = IB()
        await ib.connectAsync(ib_gateway.host, ib_gateway.port, clientId=1)
        ib.disconnect()
        gc.collect()

    @pytest.mark.asyncio
    async def test_asyncio(ib_gateway):
        ib = IB()
        await ib.connectAsync(ib_gateway.host, ib_gateway.port, clientId=1)
        ib.disconnect()

    class TestOfTheStandardLibrary(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _open(self, ib_gateway):
            self.gateway = ib_gateway

        def test_it(self):
            assert self.gateway.orders() == ()

    def test_blocking(ib):
        ib.reqCurrentTime()
        gc.collect()
    """,
        "-o",
        "asyncio_mode=strict",
        in_own_process=True,
    )
    result.assert_outcomes(passed=5)


def test_no_loop_is_made_that_nobody_closes(run) -> None:
    result = run(
        """
        import gc
        import pytest

        def test_without_a_client(ib_gateway):
            ib_gateway.move_cash(1)

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_takes_its_place(ib_gateway, anyio_backend):
            gc.collect()
        """,
        "-o",
        "asyncio_mode=strict",
        in_own_process=True,
    )
    result.assert_outcomes(passed=2)


MIXED = (
    OF_THE_RUN
    + """
    @pytest.fixture
    def another(ib_gateway):
        another = IB()
        another.connect(ib_gateway.host, ib_gateway.port, clientId=2)
        yield another
        another.disconnect()

    def is_served(ib):
        return ib.reqCurrentTime() and ib.sleep(0.001)
"""
)

TESTS_OF_THE_RUN = {
    "blocking": """
    def test_blocking(ib):
        assert is_served(ib)
""",
    "asyncio": """
    @pytest.mark.asyncio
    async def test_asyncio(ib_gateway_session, ib):
        own = IB()
        await own.connectAsync(ib_gateway_session.host, ib_gateway_session.port, clientId=3)
        own.disconnect()
""",
    "of_module": """
    @pytest.mark.asyncio(loop_scope="module")
    async def test_on_the_loop_of_the_module(ib_gateway_session, ib):
        pass
""",
    "anyio": """
    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_anyio(ib_gateway_session, anyio_backend):
        pass
""",
    "with_another": """
    def test_with_another(ib, another):
        assert is_served(another)
        assert is_served(ib)
""",
    "own": """
    def test_own(another):
        assert is_served(another)
""",
}


@pytest.mark.parametrize("first", TESTS_OF_THE_RUN)
def test_a_client_of_the_run_is_served_in_blocking_tests_whatever_ran_before(run, first) -> None:
    others = [text for name, text in TESTS_OF_THE_RUN.items() if name not in {first, "blocking"}]
    blocking = TESTS_OF_THE_RUN["blocking"]
    tests = [TESTS_OF_THE_RUN[first], *others]
    source = MIXED + "".join(
        text + blocking.replace("test_blocking", f"test_blocking_{number}")
        for number, text in enumerate(tests)
    )
    result = run(source, "-o", "asyncio_mode=strict", in_own_process=True)
    result.assert_outcomes(passed=2 * len(tests))


def test_a_test_without_a_gateway_finds_the_loop_that_it_found_without_the_plugin(run) -> None:
    result = run(
        """
        import asyncio
        import sys

        def test_one(ib_gateway):
            ib_gateway.move_cash(1)

        def test_another(ib_gateway_session):
            ib_gateway_session.move_cash(1)

        def test_without_a_gateway():
            if sys.version_info < (3, 14):
                assert not asyncio.get_event_loop().is_closed()
        """,
        in_own_process=True,
    )
    result.assert_outcomes(passed=3)
