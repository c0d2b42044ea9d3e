"""The question whether two customers are one: asked once, on both, and answered by numbers of one register where they can (ROE-24)."""

from uuid import UUID

from dealreg.customer.events import CustomersToldApart, IdentityQuestioned
from dealreg.customer.likeness import Likeness
from dealreg.customer.state import CUSTOMER, IDENTIFIER_GROUND, Customer
from dealreg.matching.apart import told_apart
from dealreg.process.case import customer_now
from dealreg.process.compare_customers import mirrored
from dealreg.vocabulary.ids import desk_reader
from dealreg.vocabulary.situation import Situation


def question(situation: Situation, one: UUID, other: UUID, ground: str, likeness: Likeness | None = None) -> bool:
    """Ask once whether the two are the same, on both; who was told apart is not asked again. Whether anything was asked.

    ``likeness`` is that of ``other`` to ``one``.
    """
    if other in situation.of(CUSTOMER, one).apart or one in situation.of(CUSTOMER, other).apart:
        return False
    theirs = mirrored(likeness, one) if likeness is not None else None
    asked = [ask(situation, one, other, ground, likeness), ask(situation, other, one, ground, theirs)]
    return any(asked)


def ask(situation: Situation, customer: UUID, other: UUID, ground: str, likeness: Likeness | None = None) -> bool:
    """Put the question on one of them, unless it stands there on this ground or a stronger one."""
    known = situation.of(CUSTOMER, customer).asked.get(other)
    if (known is not None and ground != IDENTIFIER_GROUND) or known == IDENTIFIER_GROUND:
        return False
    readers = (desk_reader(situation.program),)
    asked = IdentityQuestioned(customer=customer, other=other, ground=ground, readers=readers, likeness=likeness)
    situation.record(CUSTOMER, customer, asked)
    return True


def tell_by_register(situation: Situation, customer: UUID) -> None:
    """Questions that a likeness raised and that numbers of one register answer: they are different, and nobody need be asked."""
    state = situation.of(CUSTOMER, customer)
    situation.need(CUSTOMER.name, list(state.asked))
    for asked, ground in list(state.asked.items()):
        other = customer_now(situation, asked)
        if ground != IDENTIFIER_GROUND and other != customer and _apart(state, situation.of(CUSTOMER, other)):
            for one, another in ((customer, other), (other, customer)):
                told = CustomersToldApart(
                    customer=one,
                    other=another,
                    reason="one register has a number of its own for each",
                    told_by="register",
                    told_at=situation.at,
                )
                situation.record(CUSTOMER, one, told)


def _apart(one: Customer, other: Customer) -> bool:
    return told_apart(one.identifiers, other.identifiers)
