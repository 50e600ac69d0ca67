"""Steps of what the metrics count."""

from pytest_bdd import parsers, then

from steps.memory import eventually

METRICS = {
    "connection": "ib_connection_status",
    "orders": "ib_orders_total",
    "order errors": "ib_order_errors_total",
    "subscription": "ib_market_data_subscriptions",
}


@then(parsers.parse("the {name} metric reads {value:d}"))
def metric_reads(tier, run, name, value) -> None:
    """A metric follows what the client hears, so it may take a moment; it has to come true."""
    registry = tier.client.metrics.registry
    run(eventually(lambda: registry.get_sample_value(METRICS[name]) == value))
    run(tier.settle())
    assert registry.get_sample_value(METRICS[name]) == value


@then(parsers.parse("Prometheus can read {name} as a {kind}"))
def prometheus_reads(tier, name, kind) -> None:
    lines = tier.client.metrics.exposition().decode().splitlines()
    family = name.removesuffix("_total") if kind == "counter" else name
    assert f"# TYPE {name} {kind}" in lines or f"# TYPE {family} {kind}" in lines
    assert [line for line in lines if line.startswith(f"{name} ")]
