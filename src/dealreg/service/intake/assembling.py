"""The parts of a consumer put together from settings and a dispatch."""

from dealreg.service.intake.brokers.adapter import adapter
from dealreg.service.intake.brokers.channel import Wiring
from dealreg.service.intake.brokers.consuming import instance
from dealreg.service.intake.consuming import run
from dealreg.service.intake.core import Intake
from dealreg.service.intake.mapping import load_mappings
from dealreg.service.intake.measuring import expose
from dealreg.service.intake.reading import Reading
from dealreg.service.intake.tending import Tending
from dealreg.service.intake.trust import LedByRulebook
from dealreg.service.intake.watermarks import Watermarks
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.settings import Settings


def consume(settings: Settings, dispatch: Dispatch, *, prefix: str = "", metrics_port: int | None = None) -> None:
    """Run the role until a signal. ``metrics_port``: where Prometheus may ask, if anywhere.

    Raises ``Unavailable`` when the feed is gone, ``NoServer`` when no broker is named, ``ValidationError`` for a malformed mapping.
    """
    wiring = Wiring(prefix)
    watermarks = Watermarks(dispatch.ledger, wiring.stream, LedByRulebook(dispatch))
    intake = Intake(dispatch, Reading(load_mappings(settings.intake_mappings), settings.program), watermarks)
    tending = Tending(dispatch.ledger, intake, watermarks, instance())
    if metrics_port is not None:
        expose(intake, tending, metrics_port)
    run(adapter(settings.intake_url()), intake, wiring, tending)
