"""What an adapter is: the small part of a source's language that no mapping document can say."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.heard import Entity, FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import Format, MappingDocument


class Adapter(Protocol):
    """Reads the messages, and the records, of one kind of source."""

    @property
    def format(self) -> Format:
        """The format whose mapping documents it goes by."""

    def recognises(self, value: Any, delivery: Delivery) -> bool:
        """Whether a message has this source's shape; it may still be malformed. Never raises."""

    def organisation(self, value: Any, delivery: Delivery) -> str | None:
        """Under which name the message itself says whose it is; ``None`` where such messages do not say it. Raises ``Unreadable``."""

    def heard(self, value: Any, delivery: Delivery, mapping: MappingDocument) -> Iterable[Heard | FeedGap | Ignored]:
        """What the message says of each record; ``Ignored`` where there is nothing to decide, such as our own echo. Raises ``Unreadable``."""

    def read(self, entity: Entity, record: str, value: Mapping[str, Any], mapping: MappingDocument) -> Heard:
        """What a record says that the source's API returned whole (``change`` is ``read``). Raises ``Unreadable``."""
