"""The Prometheus series of a client, on a registry the caller may choose.

It does not know where orders or connections come from; it is told.
Rule: the series exist from the start, carry no labels, and have exactly these names.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class IBKRMetrics(Collector):
    """What one client counts.

    - `ib_connection_status`: 1 while the connection is READY, else 0
    - `ib_orders_total`: orders handed to the gateway
    - `ib_order_errors_total`: calls of `place_order` that ended in an error, whether refused
      here, rejected there, or left in an unknown state
    - `ib_market_data_subscriptions`: live market data subscriptions
    - `ib_orders_in_doubt`: orders that were handed over and whose fate is not known
    - `ib_last_quote_timestamp_seconds`: when the newest quote of any contract arrived, 0: never

    Without a registry it makes its own. One registry takes the metrics of one client:
    a second one raises ValueError, as for any Prometheus collector.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self.connection_status = 0
        self.orders_total = 0
        self.order_errors_total = 0
        self.market_data_subscriptions = 0
        self.orders_in_doubt = 0
        self.last_quote_timestamp = 0.0
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        # plain families: Counter objects would add a _created series beside each counter
        yield GaugeMetricFamily(
            "ib_connection_status",
            "1 while the connection to the gateway is ready, else 0.",
            value=self.connection_status,
        )
        yield CounterMetricFamily(
            "ib_orders_total", "Orders handed to the gateway.", value=self.orders_total
        )
        yield CounterMetricFamily(
            "ib_order_errors_total",
            "Calls of place_order that ended in an error.",
            value=self.order_errors_total,
        )
        yield GaugeMetricFamily(
            "ib_market_data_subscriptions",
            "Live market data subscriptions.",
            value=self.market_data_subscriptions,
        )
        yield GaugeMetricFamily(
            "ib_orders_in_doubt",
            "Orders handed over whose fate is not known.",
            value=self.orders_in_doubt,
        )
        yield GaugeMetricFamily(
            "ib_last_quote_timestamp_seconds",
            "When the newest quote arrived, in seconds since 1970; 0: none did.",
            value=self.last_quote_timestamp,
        )

    def describe(self) -> Iterator[Metric]:
        """The names, so that the registry can refuse a second client."""
        return self.collect()

    def exposition(self) -> bytes:
        """Everything on the registry in the Prometheus text format."""
        return generate_latest(self.registry)
