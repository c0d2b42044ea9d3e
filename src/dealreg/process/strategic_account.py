"""ROE-20: a flagged account takes no new exclusive claim from the flag's effective day, and nothing new is given on what runs."""

from datetime import datetime

from dealreg.engagement.clause import Refusal
from dealreg.file.state import Claim
from dealreg.process.approve_line import decline
from dealreg.process.case import Case

GROUND = "the manufacturer has flagged this account as strategic for the line"


def flag_declines(case: Case, claim: Claim) -> bool:
    """Judged by completeness: from the effective day's first instant on an exclusive claim is declined. True when it was."""
    if claim.tender or case.file.account.flagged(claim.line, claim.completed_at) is None:
        return False
    decline(case, claim, "ROE-20", GROUND)
    return True


def flag_refuses_today(case: Case, claim: Claim, day: datetime) -> Refusal | None:
    """No extension, joining or offer from that day on; a running window keeps its term."""
    if claim.tender or case.file.account.flagged(claim.line, day) is None:
        return None
    return Refusal("ROE-20", GROUND, "strategic_account")
