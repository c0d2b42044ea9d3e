"""What every clause has, and the units of parameters (rules.md section 2)."""

from typing import Annotated

from pydantic import Field

from dealreg.vocabulary.values import Model, Text

Days = Annotated[int, Field(ge=0, le=3660)]
"""Calendar days in the program's time zone, unless the field says business days; none is allowed."""

Length = Annotated[int, Field(gt=0, le=3660)]
"""Days of which there is at least one."""

Hours = Annotated[int, Field(ge=0, le=10_000)]
"""Hours; business hours where the field says so."""

Times = Annotated[int, Field(ge=0, le=100)]
"""How often something may be done."""

Guard = Annotated[Text, Field(min_length=1, max_length=1000)]
"""An expression in the Common Expression Language (architecture D6)."""


class Clause(Model):
    """What every clause has: whether it is in force in this version, and ``when``: an expression that must hold for it to apply."""

    in_force: bool = True
    when: Guard | None = None
