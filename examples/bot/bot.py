"""Buys five AAPL, once, as soon as they are offered at 100 or less."""

from ib_insync import IB, LimitOrder, Stock


class Bot:
    def __init__(self, host, port):
        self.ib, self.host, self.port = IB(), host, port

    def start(self):
        self.ib.connect(self.host, self.port, clientId=1)
        self.trade = next(iter(self.ib.trades()), None)  # what it ordered before, if it did
        [contract] = self.ib.qualifyContracts(Stock("AAPL", "SMART", "USD"))
        self.ib.reqMktData(contract).updateEvent += self.on_tick

    def on_tick(self, ticker):
        if self.trade is None and 0 < ticker.ask <= 100:
            self.trade = self.ib.placeOrder(ticker.contract, LimitOrder("BUY", 5, ticker.ask))
