"""The story from its first message to the last, then what is due at its end."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from dealreg.service.demo.acting import Acting
from dealreg.service.demo.story import Asking, Broken, Heard, Story
from dealreg.service.ingest.due import bring_to_due
from dealreg.service.ingest.feeding import feed
from dealreg.service.ingest.world import World

Progress = Callable[[int], None]


def play(world: World, story: Story, acting: Acting, told: Progress = lambda _: None) -> None:
    """Send every message through the broker, and ask what people asked once the intake has decided what came before.

    Raises ``SeedingFault`` where a command is refused, ``ServerTrouble`` and ``Unavailable``.
    """
    acting.enrol()
    for asking, steps in _acts(story):
        if asking:
            for step in steps:
                if isinstance(step, Asking):
                    acting.act(step)
        else:
            feed(world, [story.message(step) for step in steps if not isinstance(step, Asking)])
        told(len(steps))
    bring_to_due(world.house.dispatch, story.program, story.ends_at)


def _acts(story: Story) -> Iterator[tuple[bool, Sequence[Heard | Broken | Asking]]]:
    for asking, steps in groupby(story.steps, key=lambda step: isinstance(step, Asking)):
        yield asking, list(steps)
