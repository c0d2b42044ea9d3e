"""The witness's own key, and what it is called."""

from hashlib import sha256
from typing import TYPE_CHECKING

from dealreg.service.sealing.keys import FileSigner

if TYPE_CHECKING:
    from dealreg.service.settings import Settings


def own_key(settings: "Settings") -> FileSigner:
    """The witness as it signs: made where there is none. Raises ``BadKey``.

    Its name is a part of every signature, so one that is not given is made of the key and stays as long as that.
    """
    unnamed = FileSigner("unnamed", settings.witness_key_file)
    return FileSigner(
        settings.witness_name or f"dealreg-witness/{sha256(unnamed.public).hexdigest()[:8]}", settings.witness_key_file
    )
