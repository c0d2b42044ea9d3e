"""The demo from nothing to its summary."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg

from dealreg.service.demo import counting
from dealreg.service.demo.acting import Acting
from dealreg.service.demo.playing import play
from dealreg.service.demo.story import Story
from dealreg.service.demo.viewing import views
from dealreg.service.embedded.trouble import ServerTrouble
from dealreg.service.ingest.world import World, world
from dealreg.service.projecting.projector import Projector
from dealreg.service.projecting.rebuilding import rebuild
from dealreg.service.settings import Role, Settings

Steps = Callable[[str, int], Callable[[int], None]]


def run(settings: Settings, steps: Steps) -> dict[str, Any]:
    """Tell the story and read back what came of it; all but ``this_run`` is the same from run to run.

    Raises ``ServerTrouble``, ``SeedingFault``, ``Unavailable`` and ``ModelStopped``.
    """
    story, begun = Story(), time.perf_counter()
    with world(settings) as there, without_a_clock(there.settings.database_url(Role.APP)):
        standing = time.perf_counter()
        before = there.house.ledger.head()
        acting = Acting(story, there.house.dispatch)
        play(there, story, acting, steps("the story", len(story.steps)))
        played = time.perf_counter()
        facts = there.house.ledger.head() - before
        url = there.settings.database_url(Role.PROJECTOR)
        Projector(url).catch_up()
        projected = time.perf_counter()
        shown = _shown(there, story, acting)
        seconds = {
            "servers": standing - begun,
            "story": played - standing,
            "projection": projected - played,
            "summary": time.perf_counter() - projected,
            "all": time.perf_counter() - begun,
        }
    rounded = {name: round(value, 2) for name, value in seconds.items()}
    return {**shown, "this_run": {"facts": facts, "seconds": rounded}}


@contextmanager
def without_a_clock(database_url: str) -> Iterator[None]:
    """Hold the clock's lock, so that no clock role ends in the midst of the story what ended long ago by its own clock.

    Raises ``ServerTrouble`` where one is running.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        had = connection.execute("SELECT pg_try_advisory_lock(hashtext('dealreg.clock'))").fetchone()
        if had is None or not had[0]:
            raise ServerTrouble(
                "a clock role runs on this database and would end what the story tells of the past; "
                "stop it, or name another folder with --data-dir"
            )
        yield


def _shown(there: World, story: Story, acting: Acting) -> dict[str, Any]:
    rebuilt = rebuild(there.settings.database_url(Role.PROJECTOR), check=True)
    return {
        "program": story.program,
        "partners": len(story.cast.partners),
        "customers": len(story.customers),
        **asdict(counting.count(there, story)),
        "explained": counting.explained(there, story, acting),
        "customer_as_seen_by": views(there, story, acting),
        "rebuild": {
            "read_models": len(rebuilt),
            "equal": not any(one.differs for one in rebuilt),
            "differ": {one.model: list(one.differs) for one in rebuilt if one.differs},
        },
    }
