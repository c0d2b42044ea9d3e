"""Figures of the watch: direct changes that were seen, and whether anybody still looks."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dealreg.service.composition import House
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.watching.standing import watch_standing


class Watch(Collector):
    """Asked when Prometheus asks; nothing where the database does not answer."""

    def __init__(self, house: House) -> None:
        """``house`` is what it asks."""
        self._house = house

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the registry would ask the database when the app is made."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Three figures, for the alerts in docs/alerts.yaml."""
        try:
            found = watch_standing(self._house.ledger)
        except LedgerError:
            return
        seen = "Direct changes that nobody may make"
        yield GaugeMetricFamily("dealreg_tampering_seen", f"{seen}, ever seen.", value=found.alarms)
        yield GaugeMetricFamily("dealreg_tampering_seen_recently", f"{seen}, seen in the last day.", value=found.recent)
        told = "1 when somebody watched and nobody does any more."
        yield GaugeMetricFamily("dealreg_watch_blind", told, value=int(found.why is not None))
