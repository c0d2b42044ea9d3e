"""What can be wrong with a read model, said so that its owner knows which file to open."""

from dealreg.vocabulary.refused import Refused


class BadReadModel(Exception):
    """A folder of ``projections/`` is not as it must be: the message names the file, the reason and what to do. A verb leaves with 2."""

    exit_code = 2

    def __init__(self, where: str, why: str) -> None:
        """``where``: the file below ``projections/``."""
        super().__init__(f"projections/{where}: {why}")
        self.where = where


class ModelStopped(Exception):
    """A statement failed, so its read model stands still until somebody has mended it; the others go on. A verb leaves with 1."""

    exit_code = 1

    def __init__(self, model: str, *, event: str, file: str, position: int, reason: str) -> None:
        """``position`` is that of the event which could not be applied; everything before it is."""
        super().__init__(
            f"the read model {model} stands still before position {position}: {event} failed in projections/{file}: {reason}"
        )
        self.model, self.event, self.file, self.position, self.reason = model, event, file, position, reason


class NothingTouched(Exception):
    """A statement changed no row although its file does not say that this may be; raised only where strictness was asked for."""


class NotReadable(Refused):
    """The role is not one to which the read model's ``readers.sql`` gives anything."""


class UnknownQuestion(Refused):
    """No such read model, or it answers no such question."""
