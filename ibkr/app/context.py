"""What the routes share: the client, the limits, and how everything ends when the app does.

It knows no route. Rule: nothing is global; one app has one context, kept in `app.state`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import uuid4

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ibkr.protocol import IBKRClientProtocol

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is bounded; times are in seconds, sizes in bytes.

    `send_timeout_s` is how long a stream waits for a reader that takes nothing more.
    `shutdown_grace_s` is how long an order on its way may still take when the app ends.
    """

    quote_timeout_s: float = 5.0
    heartbeat_s: float = 15.0
    send_timeout_s: float = 10.0
    shutdown_grace_s: float = 3.0
    max_streams: int = 32
    event_buffer: int = 1024
    max_body: int = 64 * 1024


class AppMetrics(Collector):
    """The series of the app itself, beside those of its client.

    - `ib_app_streams`: open event streams, by kind
    - `ib_app_streams_ended_total`: streams that ended, by reason
    - `ib_app_requests_total`: requests by method, route and status
    """

    def __init__(self) -> None:
        self.streams: Counter[str] = Counter(quotes=0, orders=0)
        self.streams_ended: Counter[str] = Counter()
        self.requests: Counter[tuple[str, str, str]] = Counter()

    def collect(self) -> Iterator[Metric]:
        # plain families, as in ibkr.metrics: no _created series beside each counter
        streams = GaugeMetricFamily("ib_app_streams", "Open event streams.", labels=["kind"])
        for kind, number in self.streams.items():
            streams.add_metric([kind], number)
        yield streams
        ended = CounterMetricFamily(
            "ib_app_streams_ended", "Event streams that ended, by reason.", labels=["reason"]
        )
        for reason, number in self.streams_ended.items():
            ended.add_metric([reason], number)
        yield ended
        requests = CounterMetricFamily(
            "ib_app_requests",
            "Requests by method, route and status.",
            labels=["method", "route", "status"],
        )
        for labels, number in self.requests.items():
            requests.add_metric(labels, number)
        yield requests

    def exposition(self) -> bytes:
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)


@dataclass(slots=True, kw_only=True)
class Context:
    """`run` names this run of the app, so that ids of events of another one are known."""

    limits: Limits = field(default_factory=Limits)
    metrics: AppMetrics = field(default_factory=AppMetrics)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


async def unless_closing(
    work: Coroutine[Any, Any, T], context: Context, otherwise: Exception, grace_s: float = 0.0
) -> T:
    """The outcome of a piece of work; once the app closes, it has `grace_s` left for it.

    Raises `otherwise` if that was not enough; the work is cancelled then.
    """
    working = asyncio.create_task(work)
    closing = asyncio.create_task(context.closing.wait())
    try:
        await asyncio.wait({working, closing}, return_when=asyncio.FIRST_COMPLETED)
        done, _ = await asyncio.wait({working}, timeout=grace_s)
    finally:
        closing.cancel()
        working.cancel()
    await asyncio.wait({working})
    if done:
        return working.result()
    raise otherwise


def get_client(request: Request) -> IBKRClientProtocol:
    """The client this app was created with."""
    client: IBKRClientProtocol = request.app.state.client
    return client


async def get_context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Client = Annotated[IBKRClientProtocol, Depends(get_client)]
Shared = Annotated[Context, Depends(get_context)]
