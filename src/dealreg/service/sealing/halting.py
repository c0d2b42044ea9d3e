"""When the sealer goes no further."""


class Halted(Exception):
    """What the sealer finds is not what it signed: it says what and where, and goes on only when an operator says so (audit D10).

    A verb leaves with 1.
    """

    exit_code = 1


class NotOurs(Exception):
    """The sealer's own things do not fit this database or each other: a folder, a setting, a key. Nothing is changed. Exit code 2."""

    exit_code = 2


class Occupied(Exception):
    """Another sealer has the turn. A verb leaves with 1."""

    exit_code = 1
