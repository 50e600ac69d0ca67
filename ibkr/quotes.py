"""The live subscriptions of one client and the latest quote of each.

It knows no request ids and no library; quotes come in, streams go out.
Rule: a contract has at most one entry, however often it is asked for.
"""

from weakref import WeakSet

from ibkr.errors import IBKRError, NotSubscribed
from ibkr.models import Contract, Quote
from ibkr.streams import LatestStream


class _Entry:
    def __init__(self) -> None:
        self.latest: Quote | None = None
        self.streams: WeakSet[LatestStream[Quote]] = WeakSet()


class QuoteBoard:
    def __init__(self) -> None:
        self._entries: dict[Contract, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, contract: object) -> bool:
        return contract in self._entries

    def contracts(self) -> tuple[Contract, ...]:
        return tuple(self._entries)

    def open(self, contract: Contract) -> None:
        """Enter a subscription; one that is there already stays as it is."""
        self._entries.setdefault(contract, _Entry())

    def publish(self, quote: Quote) -> None:
        entry = self._entries.get(quote.contract)
        if entry is None:
            return  # cancelled a moment ago; its last ticks are still under way
        entry.latest = quote
        for stream in list(entry.streams):
            stream.push(quote)

    def stream(self, contract: Contract) -> LatestStream[Quote]:
        """A stream that starts with the latest quote, if there is one.

        Raises NotSubscribed where there is no subscription.
        """
        entry = self._entries.get(contract)
        if entry is None:
            raise not_subscribed(contract)
        stream: LatestStream[Quote] = LatestStream()
        if entry.latest is not None:
            stream.push(entry.latest)
        entry.streams.add(stream)
        return stream

    def latest(self, contract: Contract) -> Quote | None:
        entry = self._entries.get(contract)
        return entry.latest if entry else None

    def forget_prices(self) -> None:
        """Drop the latest quotes, not the subscriptions: the link that fed them is gone."""
        for entry in self._entries.values():
            entry.latest = None

    def close(self, contract: Contract, error: IBKRError | None = None) -> None:
        """End the subscription and its streams, with `error` if it did not end by our wish.

        Raises NotSubscribed where there is no subscription.
        """
        entry = self._entries.pop(contract, None)
        if entry is None:
            raise not_subscribed(contract)
        for stream in list(entry.streams):
            stream.end(error)

    def close_all(self) -> None:
        for contract in self.contracts():
            self.close(contract)


def not_subscribed(contract: Contract) -> NotSubscribed:
    return NotSubscribed(f"no market data subscription for {contract}: request it first")
