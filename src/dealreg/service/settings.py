"""Every setting: its name in the environment, what it means, and what holds without it."""

from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from dealreg.service.embedded.running import RUN_FILE, Run, read_run
from dealreg.service.embedded.trouble import NoServer
from dealreg.service.sealing.settings import SealingSettings
from dealreg.service.watching.settings import WatchingSettings
from dealreg.service.witnessing.settings import OutsideSettings

CONNECT_SECONDS = 5


class Role(StrEnum):
    """As whom a process reaches the database (architecture D1, D9, D10); each has the rights of its work and no others."""

    OWNER = "owner"
    APP = "app"
    READER = "reader"
    PROJECTOR = "projector"
    AUDITOR = "auditor"
    SEALER = "sealer"
    WATCHER = "watcher"


class Settings(OutsideSettings, SealingSettings, WatchingSettings):
    """The environment, read once at a process's start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    data: Path = Field(
        default=Path(".dealreg"),
        validation_alias="DEALREG_DATA",
        description="Folder of the embedded servers, their logs and the keys; made when missing.",
    )
    database: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer, as a login that may make the database roles and become each of them. "
        "Unset: the embedded one of `dealreg up`.",
    )
    database_owner: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_OWNER",
        description="For `migrate`, in place of DATABASE_URL: a login that owns the schemas.",
    )
    database_superuser: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_SUPERUSER",
        description="For `migrate` alone: a superuser's login in the same database, to freeze the schema and let `watch` read the log of "
        "changes. `up` has one for its own server.",
    )
    database_app: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_APP",
        description="For the roles that decide (serve, consume, clock), in place of DATABASE_URL.",
    )
    database_reader: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_READER",
        description="For questions under row-level security, in place of DATABASE_URL.",
    )
    database_projector: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_PROJECTOR",
        description="For `project` and `rebuild`, in place of DATABASE_URL.",
    )
    database_auditor: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_AUDITOR",
        description="For replay, history and verification, in place of DATABASE_URL.",
    )
    database_sealer: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_SEALER",
        description="For `seal` and `publish`, in place of DATABASE_URL; in production a login that no other role has.",
    )
    database_watcher: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL_WATCHER",
        description="For `watch`, in place of DATABASE_URL: a login with REPLICATION.",
    )
    intake: str | None = Field(
        default=None,
        validation_alias="INTAKE_URL",
        description="The broker, `nats://…` or `kafka://…`, several servers with commas between. Unset: the embedded one of `dealreg up`.",
    )
    intake_replicas: int | None = Field(
        default=None,
        ge=1,
        le=5,
        validation_alias="INTAKE_REPLICAS",
        description="Copies that the broker's cluster keeps of what `migrate` makes in it. Unset: three where it has three servers, else one.",
    )
    intake_partitions: int | None = Field(
        default=None,
        ge=1,
        validation_alias="INTAKE_PARTITIONS",
        description="Partitions of the feed's topic, where `migrate` makes it in Kafka. Unset: three.",
    )
    intake_mappings: Path | None = Field(
        default=None,
        validation_alias="INTAKE_MAPPINGS",
        description="Folder of mapping documents (YAML), one for each CRM organisation. Unset: those that are shipped.",
    )
    http_host: str = Field(
        default="127.0.0.1",
        validation_alias="HTTP_HOST",
        description="Address that `serve` listens on; 0.0.0.0 in a container.",
    )
    http_port: int = Field(
        default=8080, ge=0, le=65535, validation_alias="HTTP_PORT", description="Port that `serve` listens on."
    )
    log_format: Literal["json", "console"] | None = Field(
        default=None,
        validation_alias="LOG_FORMAT",
        description="`json` or `console`. Unset: console on a terminal, JSON anywhere else.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="LOG_LEVEL", description="The least serious log line that is written."
    )
    token_key: Path | None = Field(
        default=None,
        validation_alias="TOKEN_KEY",
        description="File with the key that signs and checks bearer tokens. Unset: `keys/token` in the data folder.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        validation_alias="OIDC_ISSUER",
        description="Issuer whose bearer tokens are taken; unset: only those signed with the token key.",
    )
    oidc_jwks_url: str | None = Field(
        default=None,
        validation_alias="OIDC_JWKS_URL",
        description="Where the issuer's keys are. Unset: asked of the issuer's discovery document.",
    )
    program: str = Field(
        default="default",
        validation_alias="PROGRAM",
        description="The partner program that a verb means when it names none.",
    )
    retention_dead_letters_days: int = Field(
        default=90,
        ge=1,
        validation_alias="RETENTION_DEAD_LETTERS_DAYS",
        description="Days that a message which could not be decided is kept, with its bytes.",
    )
    retention_registrations_days: int | None = Field(
        default=None,
        ge=1,
        validation_alias="RETENTION_REGISTRATIONS_DAYS",
        description="Days that contacts and notes of a registration are kept after its last fact. Unset: until they are erased.",
    )
    retention_opportunities_days: int | None = Field(
        default=None,
        ge=1,
        validation_alias="RETENTION_OPPORTUNITIES_DAYS",
        description="Days that contacts and personal fields of a CRM record are kept after its last fact. Unset: until they are erased.",
    )
    ready_seconds: float = Field(
        default=60.0,
        gt=0,
        validation_alias="READY_SECONDS",
        description="Seconds that `up` waits for the service to be ready before it says why it is not.",
    )
    drain_seconds: float = Field(
        default=25.0,
        gt=0,
        validation_alias="DRAIN_SECONDS",
        description="Seconds that `up` gives its processes to finish what they hold before it kills them.",
    )

    @property
    def run_file(self) -> Path:
        """Where `up` writes which servers it started."""
        return self.data / RUN_FILE

    @property
    def token_key_file(self) -> Path:
        """The key of the bearer tokens."""
        return self.token_key or self.data / "keys" / "token"

    def database_url(self, role: Role | str = Role.OWNER) -> str:
        """The database, for a process of this role.

        `DATABASE_URL_<ROLE>` if it is set; else DATABASE_URL, else what `up` wrote, pinned to the role by
        `options=-c role=…`. The owner is the login itself.

        Raises:
            NoServer: neither is there.

        """
        wanted = Role(role)
        own: str | None = getattr(self, f"database_{wanted}")
        if own is not None:
            return own
        base = self.database or self._found(self._run().database_url, "DATABASE_URL")
        return base if wanted is Role.OWNER else pinned(base, database_role(wanted))

    def intake_url(self) -> str:
        """The broker.

        Raises:
            NoServer: INTAKE_URL is not set and `up` left nothing.

        """
        return self.intake or self._found(self._run().intake_url, "INTAKE_URL")

    def _run(self) -> Run:
        return read_run(self.run_file) or Run(pid=0)

    def _found(self, url: str | None, variable: str) -> str:
        if url is None:
            raise NoServer(f"no server: run `dealreg up` or set {variable}")
        return url


def database_role(role: Role) -> str:
    """The name of a role inside PostgreSQL."""
    return f"dealreg_{role}"


def pinned(url: str, role: str) -> str:
    """`url` with `options=-c role=<role>`, after whatever options it has."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query["options"] = f"{query.get('options', '')} -c role={role}".strip()
    # libpq reads a plus sign as a plus sign.
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote, safe="")))


def connect_or_explain(url: str) -> psycopg.Connection:
    """A connection in autocommit, or a sentence that says what to do.

    Raises:
        NoServer: nobody answers at `url`.

    """
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        first_line = str(error).splitlines()[0]
        raise NoServer(f"no server: run `dealreg up` or set DATABASE_URL ({first_line})") from error
