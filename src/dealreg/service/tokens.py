"""Bearer tokens: who a caller is, by a signature that is checked and claims that are complete (architecture section 4).

A token is a JWT signed by the key of this installation (Ed25519, or a shared secret with HS256), or by an OIDC issuer whose keys are
asked of its JWKS. Which algorithms count is told by the key that checks, never by the token: ``none`` and a public key that is taken
for a secret are refused. The subject is a pseudonym; nobody's name is in a token (architecture D15).
"""

import time
from dataclasses import dataclass
from typing import Any, Self

import jwt
from pydantic import Field, ValidationError, model_validator

from dealreg.service.issuer import Issuer
from dealreg.service.settings import Settings
from dealreg.service.token_key import TokenKey, read_or_make
from dealreg.vocabulary.fact import PARTNER_ROLES, Actor, Role
from dealreg.vocabulary.ids import PartnerId, ProgramId, ReaderId, desk_reader, partner_reader, region_reader
from dealreg.vocabulary.values import Key, Model, Whole

AUDIENCE = "dealreg"
"""For whom a token is: one for another service does not open this one."""

OWN_ISSUER = "dealreg"
"""Who signed the tokens of the installation's own key."""

LEEWAY_SECONDS = 10
"""How far an issuer's clock may differ from ours."""

LONGEST_SECONDS = 31 * 24 * 3600
"""A token of our own key lives at most a month: it cannot be taken back before it expires."""

CLAIMED = ["exp", "iat", "sub", "aud"]


class BadToken(Exception):
    """The token proves nothing; the message says what is wrong with it and what to do."""


class Claims(Model):
    """What a token says of its bearer; a partner role names its partner, a channel manager a region."""

    sub: Key
    role: Role
    program: ProgramId
    partner: PartnerId | None = None
    region: Key | None = None
    level: Key | None = Field(
        default=None, description="A level of approval for special prices that the bearer holds (ROE-33)."
    )
    team: Key | None = Field(
        default=None,
        description="The manufacturer's team of the bearer; direct does not rule on its own deals (ROE-19).",
    )
    exp: Whole = Field(description="Seconds since 1970 from which it no longer counts.")
    iat: Whole = Field(description="Seconds since 1970 at which it was signed.")

    @model_validator(mode="after")
    def _names_for_whom_it_acts(self) -> Self:
        if self.role is Role.CLOCK:
            raise ValueError("the clock carries no token")
        if (self.role in PARTNER_ROLES) != (self.partner is not None):
            raise ValueError(f"a {self.role} {'names its' if self.role in PARTNER_ROLES else 'names no'} partner")
        if (self.role is Role.CHANNEL_MANAGER) != (self.region is not None):
            needs = "names its" if self.role is Role.CHANNEL_MANAGER else "names no"
            raise ValueError(f"a {self.role} {needs} region")
        return self

    @property
    def actor(self) -> Actor:
        """As whom the bearer asks."""
        return Actor(
            role=self.role, subject=self.sub, partner=self.partner, region=self.region, level=self.level, team=self.team
        )

    @property
    def reader(self) -> ReaderId | None:
        """As whom the bearer reads; the CRM reads nothing. An auditor reads what the desk reads (rules.md section 4)."""
        if self.partner is not None:
            return partner_reader(self.program, self.partner)
        if self.region is not None:
            return region_reader(self.program, self.region)
        return None if self.role is Role.CRM else desk_reader(self.program)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks tokens of the own key, of the issuer, or of both."""

    key: TokenKey | None
    issuer: Issuer | None = None

    def verify(self, token: str) -> Claims:
        """The claims of a token that holds. Raises ``BadToken``; ``IssuerUnreachable`` when the issuer's keys cannot be had."""
        try:
            said = jwt.decode(token, options={"verify_signature": False}).get("iss")
            key, algorithms = self._key_for(said, token)
            claims = jwt.decode(
                token, key, algorithms, audience=AUDIENCE, leeway=LEEWAY_SECONDS, options={"require": CLAIMED}
            )
            return Claims.model_validate({name: claims.get(name) for name in Claims.model_fields})
        except jwt.ExpiredSignatureError as error:
            raise BadToken("the token has expired; ask for a new one") from error
        except jwt.PyJWTError as error:
            raise BadToken(f"the token does not hold: {error}; ask for a new one") from error
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'claims'}: {one['msg']}" for one in error.errors())
            raise BadToken(f"the token's claims are not complete: {faults}") from error

    def _key_for(self, said: object, token: str) -> tuple[Any, list[str]]:
        """The key that checks, and the algorithms that it may be used with."""
        if self.issuer is not None and said == self.issuer.name:
            return self.issuer.key_for(token), list(self.issuer.algorithms)
        if self.key is not None and said == OWN_ISSUER:
            return self.key.public, [self.key.algorithm]
        raise BadToken("the token was signed by nobody known here; ask the issuer that this service trusts")


def verifier(settings: Settings) -> Verifier:
    """The verifier of this installation: its issuer if one is set, and its own key, which is made where nothing else is there."""
    path = settings.token_key_file
    issuer = Issuer(settings.oidc_issuer, settings.oidc_jwks_url) if settings.oidc_issuer else None
    key = None if issuer is not None and not path.exists() else read_or_make(path)
    return Verifier(key, issuer)


def mint(key: TokenKey, actor: Actor, program: str, *, seconds: int, now: float | None = None) -> str:
    """A token for ``actor`` that counts for so many seconds from now. Raises ``ValueError`` when it could not be used."""
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"a token counts for 1 to {LONGEST_SECONDS} seconds")
    issued = int(time.time() if now is None else now)
    claims = Claims(
        sub=actor.subject,
        role=actor.role,
        program=ProgramId(program),
        partner=actor.partner,
        region=actor.region,
        level=actor.level,
        team=actor.team,
        exp=issued + seconds,
        iat=issued,
    )
    said = {"iss": OWN_ISSUER, "aud": AUDIENCE, **claims.model_dump(mode="json", exclude_none=True)}
    return jwt.encode(said, key.signing(), algorithm=key.algorithm)
