"""The database that a simulation is recorded in: the one that is configured, else an embedded one of the data folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from dealreg.service import migrating
from dealreg.service.composition import House
from dealreg.service.embedded.servers import embedded_servers
from dealreg.service.embedded.trouble import AlreadyHeld
from dealreg.service.settings import Role, Settings
from dealreg.service.simulating.recording import NotEmpty, clock_held


@contextmanager
def house_for(settings: Settings) -> Iterator[House]:
    """Migrated, with the clock role kept away. Raises ``NotEmpty``, ``ServerTrouble`` and ``Unavailable``."""
    with ExitStack() as stack:
        here = settings
        if settings.database is None:
            try:
                servers = stack.enter_context(embedded_servers(settings.data, nats=False))
            except AlreadyHeld as held:
                raise NotEmpty(
                    "`dealreg up` runs in this data folder, and its clock would end everything at once: stop it while simulating"
                ) from held
            here = settings.model_copy(update={"database": servers.database_url})
        migrating.migrate(here.database_url(Role.OWNER))
        stack.enter_context(clock_held(here.database_url(Role.APP)))
        yield stack.enter_context(House(here))
