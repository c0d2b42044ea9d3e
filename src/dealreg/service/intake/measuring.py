"""What Prometheus may ask a consumer."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from dealreg.service.intake.core import Intake
from dealreg.service.intake.tending import Tending

Metric = CounterMetricFamily | GaugeMetricFamily


class Figures(Collector):
    """The intake's own counts, and how far the durable is: the broker's word, not ours."""

    def __init__(self, intake: Intake, tending: Tending) -> None:
        """Both are read at the moment of asking."""
        self._intake, self._tending = intake, tending

    def collect(self) -> Iterator[Metric]:
        figures = dict(self._intake.figures)
        messages = CounterMetricFamily("dealreg_intake_messages", "Messages by verdict.", labels=["verdict"])
        dead = CounterMetricFamily("dealreg_intake_dead_letters", "Messages set aside.", labels=["reason"])
        ignored = CounterMetricFamily("dealreg_intake_ignored", "Parts of messages left alone.", labels=["reason"])
        for name, count in figures.items():
            if name.startswith("dead:"):
                dead.add_metric([name.removeprefix("dead:")], count)
            elif name.startswith("ignored:"):
                ignored.add_metric([name.removeprefix("ignored:")], count)
            elif name != "repeated":
                messages.add_metric([name], count)
        yield messages
        yield dead
        yield ignored
        yield CounterMetricFamily(
            "dealreg_intake_repeated", "Commands decided before.", value=figures.get("repeated", 0)
        )
        backlog = self._tending.backlog
        if backlog is not None:
            yield GaugeMetricFamily("dealreg_intake_waiting", "Messages not delivered yet.", value=backlog.waiting)
            yield GaugeMetricFamily("dealreg_intake_open", "Messages not acknowledged yet.", value=backlog.open)


def expose(intake: Intake, tending: Tending, port: int) -> None:
    """Answer on a port of all interfaces, in a thread. Raises ``OSError`` when it is taken."""
    registry = CollectorRegistry()
    registry.register(Figures(intake, tending))
    start_http_server(port, registry=registry)
