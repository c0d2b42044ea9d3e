"""Alive, ready, and the figures."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field

from dealreg.service.composition import House
from dealreg.service.condition import condition
from dealreg.service.sealing.standing import SealStanding
from dealreg.web.access import TheHouse
from dealreg.web.problems import KINDS, MEDIA_TYPE, RETRY_SECONDS

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    """What was found by asking."""

    status: str = Field(description="`ready`; `degraded` when it answers but something beside it stands still.")
    head: int | None = Field(default=None, description="The newest position of the ledger.")
    behind: dict[str, int] = Field(default_factory=dict, description="How many facts each read model has not seen yet.")
    worries: dict[str, str] = Field(
        default_factory=dict, description="What stands still without stopping this service."
    )
    dead_letters: int | None = Field(default=None, description="Messages that wait for somebody to look at them.")


class Unready(BaseModel):
    """Problem details with every reason."""

    type: str
    title: str
    status: int
    detail: str
    problems: dict[str, str]


@router.get("/health/live", summary="Whether the process runs")
async def live() -> dict[str, str]:
    """Asks nothing: a process that cannot answer this should be started again."""
    return {"status": "live"}


@router.get(
    "/health/ready",
    summary="Whether questions and commands can be answered",
    response_model=Readiness,
    responses={503: {"model": Unready, "description": "It cannot: the database or a read model stands still."}},
)
def ready(the_house: TheHouse, response: Response) -> Readiness | Response:
    """Asks the database, every read model's position and failure, when the consumer was last heard of, and how the seal stands."""
    found = condition(the_house.ledger)
    response.headers["Cache-Control"] = "no-store"
    if found.ready:
        status = "degraded" if found.worries else "ready"
        return Readiness(
            status=status,
            head=found.head,
            behind=dict(found.behind),
            worries=dict(found.worries),
            dead_letters=found.dead_letters,
        )
    detail = "; ".join(f"{what}: {why}" for what, why in found.problems.items())
    status_code, title = KINDS["unavailable"]
    told = Unready(
        type="urn:dealreg:problem:unavailable",
        title=title,
        status=status_code,
        detail=detail,
        problems=dict(found.problems),
    )
    return Response(
        told.model_dump_json(),
        status_code=status_code,
        media_type=MEDIA_TYPE,
        headers={"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"},
    )


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics(request: Request) -> Response:
    """In the text format; what it says of the installation is asked at that moment."""
    return Response(generate_latest(request.app.state.figures.registry), media_type=CONTENT_TYPE_LATEST)


class Installation(Collector):
    """Figures of the installation, asked when Prometheus asks."""

    def __init__(self, house: House) -> None:
        """``house`` is what it asks."""
        self._house = house

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the registry would ask the database when the app is made."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """One row a read model and a role."""
        found = condition(self._house.ledger)
        yield _gauge("dealreg_ready", "1 when questions and commands can be answered.", int(found.ready))
        yield _gauge("dealreg_commands_waiting", "Commands in the queue.", self._house.dispatcher.waiting)
        if found.head is not None:
            yield _gauge("dealreg_ledger_position", "The newest position.", found.head)
            yield _gauge("dealreg_dead_letters", "Messages that wait for somebody.", found.dead_letters)
        if found.seal is not None:
            yield from _sealed(found.seal)
        yield _gauges("dealreg_projection_behind", "Facts a read model has not seen.", "model", found.behind)
        yield _gauges("dealreg_role_silent_seconds", "Since a role was heard of.", "role", found.silent_seconds)


def _sealed(seal: SealStanding) -> Iterator[Metric]:
    """Whether the sealer is alive (docs/alerts.yaml); what was never there has no age."""
    yield _gauge("dealreg_seal_unsealed_facts", "Facts that no checkpoint covers.", seal.unsealed)
    yield _gauge(
        "dealreg_seal_unsealed_seconds", "Age of the oldest of them; 0 when there is none.", seal.unsealed_seconds
    )
    yield _gauge(
        "dealreg_seal_halted",
        "1 when the sealer goes no further until an operator looks.",
        int(seal.halted is not None),
    )
    if seal.silent_seconds is not None:
        yield _gauge("dealreg_seal_silent_seconds", "Since the sealer was heard of.", seal.silent_seconds)
    if seal.checkpoint_seconds is not None:
        yield _gauge("dealreg_seal_checkpoint_seconds", "Age of the newest checkpoint.", seal.checkpoint_seconds)
    if seal.stamp_seconds is not None:
        yield _gauge("dealreg_seal_stamp_seconds", "Age of the newest time stamp of an authority.", seal.stamp_seconds)


def _gauge(name: str, told: str, value: Any) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _gauges(name: str, told: str, label: str, values: Any) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
