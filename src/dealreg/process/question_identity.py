"""Customers that were no candidates of each other when they were decided on: found later, and asked about (ROE-24).

Whoever finds them decides nothing: the two are compared here as they are now, and nothing is asked that was asked or told before.
"""

from uuid import UUID

from dealreg.customer.commands import QuestionIdentity
from dealreg.customer.state import CUSTOMER, LIKENESS_GROUND
from dealreg.matching.comparing import Verdict
from dealreg.process import permit
from dealreg.process.ask_identity import question
from dealreg.process.case import customer_now
from dealreg.process.compare_customers import heard, judged, known_as
from dealreg.process.open_customer import MOST_ASKED
from dealreg.vocabulary.fact import Request
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.situation import Situation


def question_late(situation: Situation, request: Request, command: QuestionIdentity) -> UUID:
    """Ask of two customers that are alike. Raises ``NotAllowed``, ``Unknown``.

    Two that are the same by all that is known are asked about too: their claims were decided apart, and only a person joins them.
    """
    permit.by_clock(request.actor)
    one, other = (_known(situation, customer) for customer in (command.customer, command.other))
    if one == other or _asked_enough(situation, one) or _asked_enough(situation, other):
        return one
    if _stands_above(situation, one, other) or _stands_above(situation, other, one):
        return one
    found = [judged(situation, heard(situation, known), other) for known in known_as(situation.of(CUSTOMER, one))]
    like = [known for known in found if known.verdict is not Verdict.DIFFERENT]
    if like:
        best = max(like, key=lambda known: known.likeness.score)
        question(situation, one, other, LIKENESS_GROUND, best.likeness)
    return one


def _known(situation: Situation, customer: UUID) -> UUID:
    if not situation.of(CUSTOMER, customer).exists:
        raise Unknown("there is no such customer; check its id")
    return customer_now(situation, customer)


def _stands_above(situation: Situation, above: UUID, below: UUID) -> bool:
    """Whether one is recorded as the other's parent: then they are two companies, and somebody said so."""
    parent = situation.of(CUSTOMER, below).parents.at(situation.at)
    return parent is not None and customer_now(situation, parent) == above


def _asked_enough(situation: Situation, customer: UUID) -> bool:
    """Whether so much is open about it that one more question tells nobody anything."""
    return len(situation.of(CUSTOMER, customer).asked) >= MOST_ASKED
