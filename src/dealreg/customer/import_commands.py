"""A customer of another system, told to us with the day on which it was known there."""

from dealreg.customer.commands import CustomerGiven
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Instant, Key


class ImportCustomer(Command):
    """Take a customer over (architecture D5): ``system`` and ``record`` name it from here on, as ``crm:<system>`` does.

    ``parent`` is the record of the company above it there, which has to be known already, from ``parent_since`` or ``known_at`` on.
    """

    system: Key
    record: Key
    known_at: Instant
    given: CustomerGiven
    parent: Key | None = None
    parent_since: Instant | None = None
