"""A request of a source: whose it is, whether it is, and on to the broker. What it says is the intake's to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.intake.reading import SOURCE_HEADER
from dealreg.service.webhooks.posted import Evidence, Posted
from dealreg.service.webhooks.schemes import SCHEMES, check
from dealreg.service.webhooks.settings import Webhook

CARRIED: Final = ("content-type", "x-ms-correlation-request-id")
CARRIED_PREFIXES: Final = ("ce-", "x-ms-dynamics-")
"""Headers that readers of a format may need; all others stay here, above all those that let somebody in."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A source that posts, and how."""

    mapping: MappingDocument
    webhook: Webhook

    @property
    def source(self) -> str:
        """Its name."""
        return self.mapping.source

    @property
    def kind(self) -> str:
        """What ends the subject."""
        return self.mapping.format.value

    @property
    def answer_seconds(self) -> float:
        """So long it waits for an answer."""
        return SCHEMES[self.webhook.scheme].answer_seconds

    def evidence(self, posted: Posted) -> Evidence:
        """What its signature is checked by."""
        return SCHEMES[self.webhook.scheme].evidence(posted, self.webhook)

    def check(self, evidence: Evidence, body: bytes, at: datetime) -> None:
        """Raises ``Forged``, ``NoSecret``."""
        check(evidence, body, self.webhook, at)

    def message(self, headers: Mapping[str, str], body: bytes) -> Outgoing:
        """For the broker. The same headers and bytes again are the same message: no source's own id is trusted to be one."""
        carried = {**carried_of(headers), SOURCE_HEADER: self.source}
        named = sha256(repr(sorted(carried.items())).encode() + body).hexdigest()
        return Outgoing(body, carried, f"webhook {named}", self.kind, self.source)


def caller(mappings: Mappings, source: str) -> Caller | None:
    """Who may post under a name; ``None`` where nobody may."""
    mapping = mappings.of_source(source)
    return Caller(mapping, mapping.webhook) if mapping is not None and mapping.webhook is not None else None


def carried_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that go on, names in lower case; what a broker's header may not hold is left out."""
    return {
        name.lower(): value
        for name, value in headers.items()
        if (name.lower() in CARRIED or name.lower().startswith(CARRIED_PREFIXES)) and _travels(name) and _travels(value)
    }


def _travels(text: str) -> bool:
    """One header beyond ASCII costs a message in NATS all of them, with them whose it is."""
    return text.isascii() and text.isprintable()
