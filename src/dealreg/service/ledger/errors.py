"""What can go wrong with the ledger, in three words; nobody else names a driver's exception (architecture D3)."""


class LedgerError(Exception):
    """The root of the three."""


class Late(LedgerError):
    """A stream that the save rests on has moved since it was read: read again and decide again."""


class Unavailable(LedgerError):
    """The database does not answer or does not accept saves now: ask again later, with the same request id.

    Whether a save that was under way is recorded is not known; the repeat of a request finds its own answer.
    """

    exit_code = 3


class Unstorable(LedgerError):
    """The database can never hold this value: asking again is useless."""
