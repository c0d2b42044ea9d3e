"""ROE-26: a dated proof is taken when its kind is one of the program's and its day has come."""

from collections.abc import Iterable

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import local_day
from dealreg.process.case import rules_at
from dealreg.registration.commands import ProofGiven
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation


def taken(situation: Situation, proofs: Iterable[ProofGiven]) -> None:
    """Raise ``Refused`` for a proof that the program does not take; nothing is recorded of the request then."""
    rules = rules_at(situation, situation.at)
    for proof in proofs:
        _check_kind(rules, proof.kind)
        if rules.clauses.evidence.in_force and proof.dated_on > local_day(situation.at, rules.zone):
            raise Refused(
                f"the proof is dated {proof.dated_on.isoformat()}, a day that has not come; give the day on which it was made",
                clause="ROE-26",
            )


def _check_kind(rules: RulebookDocument, kind: str) -> None:
    known = rules.clauses.evidence.kinds
    if rules.clauses.evidence.in_force and known and kind not in known:
        raise Refused(f"the program takes no evidence of kind {kind!r}; it takes: {', '.join(known)}", clause="ROE-26")
