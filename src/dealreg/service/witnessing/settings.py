"""The settings of what leaves the house: of a witness, of those that are asked, and of the time-stamp authority."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from dealreg.service.witnessing.keyring import LOG_VKEYS, Known, witnesses
from dealreg.service.witnessing.memory import HERE


class OutsideSettings(BaseSettings):
    """Part of `dealreg.service.settings.Settings`, which says how they are read."""

    data: Path

    witnesses: str | None = Field(
        default=None,
        validation_alias="WITNESSES",
        description="Who is asked to cosign checkpoints: of each its verifier key and its address, `name+id+key https://…`. "
        "Unset: the one that `dealreg up` runs on this machine.",
    )
    witness_logs: str | None = Field(
        default=None,
        validation_alias="WITNESS_LOGS",
        description="For `witness`, the logs that it trusts: verifier keys, or `@FILE` with one a line. Unset: the log of this data folder.",
    )
    witness_key: Path | None = Field(
        default=None,
        validation_alias="WITNESS_KEY",
        description="File with the witness's own Ed25519 key, made when missing. Unset: `keys/witness` in the data folder.",
    )
    witness_folder: Path | None = Field(
        default=None,
        validation_alias="WITNESS_FOLDER",
        description="What the witness remembers, on a disk of its own. Unset: `witness` in the data folder.",
    )
    witness_name: str | None = Field(
        default=None,
        pattern=r"^[^\s+]{1,100}$",
        validation_alias="WITNESS_NAME",
        description="What the witness's signatures are called. Unset: made of its key.",
    )
    witness_host: str = Field(
        default="127.0.0.1", validation_alias="WITNESS_HOST", description="Address that `witness` listens on."
    )
    witness_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        validation_alias="WITNESS_PORT",
        description="Port that `witness` listens on; 0 is any free one.",
    )
    tsa_url: str | None = Field(
        default=None,
        pattern="^https?://",
        validation_alias="TSA_URL",
        description="A time-stamp authority (RFC 3161) that stamps checkpoints. Unset: none.",
    )
    tsa_roots: Path | None = Field(
        default=None,
        validation_alias="TSA_ROOTS",
        description="PEM file of the certificates that its stamps must lead to; required with TSA_URL.",
    )
    tsa_seconds: float = Field(
        default=3600.0, gt=0, validation_alias="TSA_SECONDS", description="The newest checkpoint is stamped so often."
    )
    tsa_positions: int = Field(
        default=10_000,
        gt=0,
        validation_alias="TSA_POSITIONS",
        description="And when the log has grown by so many facts since the last stamp.",
    )

    @property
    def witness_key_file(self) -> Path:
        """The witness's own key."""
        return self.witness_key or self.data / "keys" / "witness"

    @property
    def witness_folder_path(self) -> Path:
        """What the witness remembers."""
        return self.witness_folder or self.data / "witness"

    @property
    def trusted_logs(self) -> str:
        """The logs that the witness trusts, as WITNESS_LOGS has them."""
        return self.witness_logs or f"@{self.data / LOG_VKEYS}"

    def asked_witnesses(self) -> tuple[Known, ...]:
        """Who is asked to cosign; where nobody is named, the witness of this data folder if it runs. Raises ``BadNames``."""
        if self.witnesses is not None:
            return witnesses(self.witnesses)
        here = self.witness_folder_path / HERE
        return witnesses(here.read_text()) if here.exists() else ()
