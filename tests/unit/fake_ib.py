"""A hand-written stand-in for the library's `IB`: only the parts ibkr.link touches.

It records what is sent and lets a test speak as the gateway, through the wrapper's callbacks.
"""
# ruff: noqa: N802, ARG002 - the names and signatures are those of the library it stands for

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

from eventkit import Event

from ibkr import library

real = library.module()

STARTUP = ("positions", "openOrders", "completedOrders", "accountValues", 1)


class FakeTransport:
    def __init__(self, conn):
        self.conn = conn
        self.stuck = 0

    def abort(self):
        self.conn.lose("")

    def get_write_buffer_size(self):
        return self.stuck


class FakeConn:
    def __init__(self):
        self.disconnected = Event("disconnected")
        self.transport = None
        self.numBytesSent = 0

    def lose(self, message):
        self.transport = None
        self.disconnected.emit(message)


class FakeClient:
    def __init__(self, gateway):
        self.gateway = gateway
        self.conn = FakeConn()
        self.decoder = SimpleNamespace(logger=None)
        self.apiStart = Event("apiStart")
        self.MaxRequests = 45
        self.sent = []
        self.ready = False
        self.next_id = 0

    def isReady(self):
        return self.ready

    def serverVersion(self):
        return 176

    def getAccounts(self):
        return list(self.gateway.accounts)

    def getReqId(self):
        self.next_id += 1
        return self.next_id - 1

    def updateReqId(self, floor):
        self.next_id = max(self.next_id, floor)

    def disconnect(self):
        self.ready = False
        asyncio.get_running_loop().call_soon(self.conn.lose, "")

    def __getattr__(self, name):
        def send(*args):
            self.sent.append((name, args))
            self.gateway.on_sent(name, args)

        if name.startswith(("req", "place", "cancel")):
            return send
        raise AttributeError(name)


class FakeWrapper:
    def __init__(self, ib):
        self.ib = ib
        self.accounts = []

    def startReq(self, key):
        return asyncio.get_running_loop().create_future()


class FakeIB:
    def __init__(self, gateway):
        self.gateway = gateway
        self.client = FakeClient(gateway)
        self.wrapper = FakeWrapper(self)
        self.MaxSyncedSubAccounts = 50

    def reqOpenOrdersAsync(self):
        self.client.reqOpenOrders()
        return self._list("openOrders")

    def reqAllOpenOrdersAsync(self):
        self.client.reqAllOpenOrders()
        return self._list("openOrders")

    def reqCompletedOrdersAsync(self, api_only):
        self.client.reqCompletedOrders(api_only)
        return self._list("completedOrders")

    def reqExecutionsAsync(self):
        request_id = self.client.getReqId()
        self.client.reqExecutions(request_id)
        reply = self._list(request_id)
        code = self.gateway.refused.get("executions")
        if code is not None:
            self.gateway.error(request_id, code)
        return reply

    def _list(self, key):
        """The end of a list comes after what the gateway was told to say of it."""
        reply = self.wrapper.startReq(key)
        if key not in self.gateway.unanswered:
            asyncio.get_running_loop().call_soon(_end, reply)
        return reply

    def managedAccounts(self):
        return list(self.wrapper.accounts)

    async def connectAsync(self, host, port, **options):
        self.gateway.connect_calls.append((host, port, options))
        await asyncio.sleep(0)
        self.gateway.maybe_refuse()
        client = self.client
        client.conn.transport = FakeTransport(client.conn)
        if self.gateway.client_id_in_use:
            self.wrapper.error(-1, 326, "client id in use", "")
            client.conn.lose("Peer closed connection.")
            await asyncio.Event().wait()  # as the library: it waits for its timeout
        client.ready = True
        client.updateReqId(self.gateway.next_valid_id)
        self.wrapper.accounts = list(self.gateway.accounts)
        client.apiStart.emit()
        for key in STARTUP:
            reply = self.wrapper.startReq(key)
            if key in self.gateway.unanswered:
                reply.cancel()  # what wait_for does at its timeout, after which success is reported
            else:
                reply.set_result([])
        for speak in self.gateway.at_start:
            speak(self)
        await asyncio.sleep(0)
        return self


def _end(reply):
    if not reply.done():
        reply.set_result([])


class FakeGateway:
    """The other end of every FakeIB it makes; `ib` is the newest."""

    def __init__(self):
        self.ibs = []
        self.connect_calls = []
        self.accounts = ["DU1234567"]
        self.next_valid_id = 1
        self.refusals = 0
        self.client_id_in_use = False
        self.unanswered = set()
        self.refused = {}
        self.at_start = []
        self.answers = {"reqContractDetails": self.details}
        self.known = {"AAPL": [265598], "TWIN": [1, 2]}

    def __call__(self):
        self.ibs.append(FakeIB(self))
        return self.ibs[-1]

    @property
    def ib(self):
        return self.ibs[-1]

    @property
    def wrapper(self):
        return self.ib.wrapper

    def maybe_refuse(self):
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError(111, "connection refused")

    def on_sent(self, name, args):
        answer = self.answers.get(name)
        if answer is not None:
            asyncio.get_running_loop().call_soon(answer, *args)

    def sent(self, name):
        return [args for ib in self.ibs for what, args in ib.client.sent if what == name]

    def details(self, request_id, contract):
        con_ids = self.known.get(contract.symbol, [])
        if not con_ids:
            text = "No security definition has been found for the request"
            self.wrapper.error(request_id, 200, text, "")
            return
        for con_id in con_ids:
            found = real.Contract(
                secType="STK",
                conId=con_id,
                symbol=contract.symbol,
                exchange="NASDAQ",
                primaryExchange="NASDAQ",
                currency="USD",
                localSymbol=contract.symbol,
            )
            self.wrapper.contractDetails(request_id, real.ContractDetails(contract=found))
        self.wrapper.contractDetailsEnd(request_id)

    def status(
        self, order_id, word, *, filled=0.0, remaining=1.0, average=0.0, perm=None, client=1
    ):
        perm = 1000 + order_id if perm is None else perm
        self.wrapper.orderStatus(
            order_id, word, filled, remaining, average, perm, 0, 0.0, client, "", 0.0
        )

    def open_order(
        self,
        order_id,
        *,
        quantity=1.0,
        status="PreSubmitted",
        client=1,
        order_type="LMT",
        order_ref="",
    ):
        self.wrapper.openOrder(
            order_id,
            real.Contract(secType="STK", symbol="AAPL", exchange="SMART", currency="USD"),
            real.Order(
                orderId=order_id,
                clientId=client,
                permId=1000 * client + order_id,
                action="BUY",
                totalQuantity=quantity,
                orderType=order_type,
                orderRef=order_ref,
                lmtPrice=100.0,
                tif="DAY",
            ),
            real.OrderState(status=status),
        )

    def execution(self, order_id, *, exec_id="e.1.01", shares=1.0, price=190.5, order_ref=""):
        self.wrapper.execDetails(
            -1,
            real.Contract(secType="STK", symbol="AAPL", exchange="SMART", currency="USD"),
            real.Execution(
                execId=exec_id,
                time=datetime(2024, 1, 2, tzinfo=UTC),
                acctNumber="DU1234567",
                side="BOT",
                shares=shares,
                price=price,
                permId=1000 + order_id,
                clientId=1,
                orderId=order_id,
                orderRef=order_ref,
            ),
        )

    def commission(self, exec_id="e.1.01", amount=1.0):
        self.wrapper.commissionReport(
            real.CommissionReport(exec_id, amount, "USD", 1.7976931348623157e308)
        )

    def error(self, request_id, code, text="text"):
        self.wrapper.error(request_id, code, text, "")

    def drop(self):
        self.ib.client.ready = False
        self.ib.client.conn.lose("reset by peer")

    def ticks(self, request_id, *, bid=190.0, ask=190.5):
        self.wrapper.priceSizeTick(request_id, 1, bid, 3.0)
        self.wrapper.priceSizeTick(request_id, 2, ask, 4.0)
