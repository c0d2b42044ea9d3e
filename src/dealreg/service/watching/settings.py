"""The settings of the watcher."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class WatchingSettings(BaseSettings):
    """Part of `dealreg.service.settings.Settings`, which says how they are read."""

    data: Path

    watch_slot: str = Field(
        default="dealreg_watch",
        pattern="^[a-z0-9_]{1,63}$",
        validation_alias="WATCH_SLOT",
        description="The logical replication slot of `watch`; a second watcher on another host has another one.",
    )
    watcher_state: Path | None = Field(
        default=None,
        validation_alias="WATCHER_STATE",
        description="What the watcher remembers, outside the database. Unset: `watcher/state.json` in the data folder.",
    )
    watch_seconds: float = Field(
        default=0.5, gt=0, validation_alias="WATCH_SECONDS", description="Seconds between two looks of `watch`."
    )

    @property
    def watcher_state_file(self) -> Path:
        """Where the watcher's own state is."""
        return self.watcher_state or self.data / "watcher" / "state.json"
