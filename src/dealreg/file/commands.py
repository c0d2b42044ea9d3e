"""What the clock asks of streams that nobody touches (architecture D17)."""

from uuid import UUID

from dealreg.vocabulary.fact import Command


class BringFileToDue(Command):
    """Let everything that has fallen due in a customer file take place, in due order, effective at its due instant."""

    customer: UUID


class BringRegistrationToDue(Command):
    """Close a registration that stayed incomplete or returned for too long (ROE-2)."""

    registration: UUID


class BringOverrideToDue(Command):
    """Let an override take force or end on its day (ROE-21)."""

    override: UUID
