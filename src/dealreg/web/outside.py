"""Figures of what leaves the house: which witness, authority or broker has which checkpoint."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dealreg.service.composition import House
from dealreg.service.ledger.errors import LedgerError
from dealreg.service.witnessing.outside import Taker, takers

LABELS = ("errand", "taker")


class Outside(Collector):
    """Asked when Prometheus asks; nothing where the database does not answer."""

    def __init__(self, house: House) -> None:
        """``house`` is what it asks."""
        self._house = house

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the registry would ask the database when the app is made."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Two figures of each taker, and two over all of them, for the alerts."""
        try:
            found = takers(self._house.ledger)
        except LedgerError:
            return
        yield _of_each(
            "dealreg_outside_seconds", "Since a taker took a checkpoint.", {one: one.seconds for one in found}
        )
        yield _of_each(
            "dealreg_outside_behind", "Facts that its newest checkpoint lacks.", {one: one.behind for one in found}
        )
        waiting = max((one.seconds for one in found if one.waits), default=0.0)
        told = "Longest time that a taker lacks what it should have; 0 when none does."
        yield GaugeMetricFamily("dealreg_outside_waiting_seconds", told, value=waiting)
        refused = sum(one.trouble is not None for one in found)
        yield GaugeMetricFamily(
            "dealreg_outside_refused_takers", "Takers that did not take the last one.", value=refused
        )


def _of_each(name: str, told: str, values: dict[Taker, float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=LABELS)
    for one, value in values.items():
        family.add_metric([one.errand, one.taker], value)
    return family
