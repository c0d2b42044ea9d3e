"""The settings of the sealer, and of those who wait for the seal."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from dealreg.service.sealing.things import Things

AT_ONCE = (
    "registration_submitted.v1,registration_supplemented.v1,registration_approved.v1,registration_declined.v1,"
    "conflict_opened.v1,conflict_detected.v1,conflict_ruled.v1,conflict_settled.v1,appeal_ruled.v1,appeal_judged.v1"
)
"""Submissions, conflicts and rulings: what people fight over is sealed before it is acknowledged."""


class SealingSettings(BaseSettings):
    """Part of `dealreg.service.settings.Settings`, which says how they are read."""

    data: Path

    sealer_state: Path | None = Field(
        default=None,
        validation_alias="SEALER_STATE",
        description="What the sealer remembers of the log, outside the database, on a disk of its own. Unset: `sealer/state.json` in "
        "the data folder.",
    )
    log_keys: Path | None = Field(
        default=None,
        validation_alias="LOG_KEYS",
        description="Folder of the keys that sign the log, for the sealer alone; made when missing. Unset: `keys` in the data folder.",
    )
    log_origin: str | None = Field(
        default=None,
        pattern=r"^[^\s+]{1,100}$",
        validation_alias="LOG_ORIGIN",
        description="The name of the log on its checkpoints, such as `example.com/dealreg`. Unset: made once and kept in SEALER_STATE.",
    )
    seal_seconds: float = Field(
        default=1.0, gt=0, validation_alias="SEAL_SECONDS", description="Seconds after which any new fact is sealed."
    )
    seal_at_once: str = Field(
        default=AT_ONCE,
        validation_alias="SEAL_AT_ONCE",
        description="Facts that are sealed at once, and before a caller is answered; stored names with commas between them.",
    )
    seal_wait_seconds: float = Field(
        default=2.0,
        ge=0,
        validation_alias="SEAL_WAIT_SECONDS",
        description="Seconds that an answer waits for the seal at most; then it says `sealed: false`. 0: no answer waits or speaks of it.",
    )
    seal_overlap_seconds: float = Field(
        default=604_800.0,
        ge=0,
        validation_alias="SEAL_OVERLAP_SECONDS",
        description="Seconds after a change of key during which the old one signs too.",
    )

    @property
    def sealed_at_once(self) -> frozenset[str]:
        """The stored names of SEAL_AT_ONCE."""
        return frozenset(name.strip() for name in self.seal_at_once.split(",") if name.strip())

    @property
    def things(self) -> Things:
        """What is the sealer's own."""
        return Things(
            state=self.sealer_state or self.data / "sealer" / "state.json",
            keys=self.log_keys or self.data / "keys",
            origin=self.log_origin,
            overlap=timedelta(seconds=self.seal_overlap_seconds),
        )
