"""Which errands a process's settings name."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dealreg.service.embedded.trouble import NoServer
from dealreg.service.proving.hashes import Run
from dealreg.service.witnessing.announcing import Announcing
from dealreg.service.witnessing.asking import Asking
from dealreg.service.witnessing.carrying import Errand
from dealreg.service.witnessing.stamping import stamping

if TYPE_CHECKING:
    from dealreg.service.settings import Settings


def errands(settings: "Settings", run: Run) -> Callable[[], Sequence[Errand]]:
    """Asked anew each time: the witness of this machine may start later, and elsewhere. Raises ``BadNames`` and ``BadRoots``."""
    settings.asked_witnesses()
    always: list[Errand] = [*stamping(settings, run), *_broker(settings, run)]
    return lambda: [*(Asking(run, one) for one in settings.asked_witnesses()), *always]


def _broker(settings: "Settings", run: Run) -> Sequence[Announcing]:
    try:
        return [Announcing(run, settings.intake_url())]
    except NoServer:
        return []
