"""What a partner may ask against a decision, or to avoid one: an appeal, a narrower scope; and what the desk says to it."""

from typing import Annotated

from pydantic import Field

from dealreg.registration.commands import OfRegistration
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Key, Scope, Text

Reason = Annotated[Text, Field(min_length=1)]


class AppealDecision(OfRegistration):
    """Appeal, once, against a ruling, a decline, a release or a refused extension on a line; another person judges it (ROE-29)."""

    line: Key
    partner: PartnerId
    reason: Reason


class RuleOnAppeal(OfRegistration):
    """Judge an appeal against a decision outside of a conflict; one against a ruling is judged by ruling on the conflict (ROE-29)."""

    line: Key
    reverse: bool
    reason: Reason


class AmendScope(OfRegistration):
    """Narrow the scope of a line at its old time; a wider one is a claim of its own (rules.md section 1, Scope)."""

    line: Key
    scope: Scope
    partner: PartnerId
