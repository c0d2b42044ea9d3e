"""A seller of record ends: the fact, its conflicts, and those that waited behind it (ROE-18)."""

from dealreg.engagement.territory import scopes_overlap
from dealreg.file.account_events import RecordGround, SellerOfRecordEnded
from dealreg.process.account_freed import party_is_gone, those_behind_wait_no_longer
from dealreg.process.case import Case, manager_readers
from dealreg.process.seller_of_record import sales_of
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Scope, Tier


def end_record(
    case: Case, partner: str, tier: Tier, line: str, scope: Scope, ground: RecordGround, reason: str
) -> None:
    """End the record, and judge those that waited behind it."""
    case.record(
        SellerOfRecordEnded(
            customer=case.customer,
            line=line,
            scope=scope,
            partner=PartnerId(partner),
            tier=tier,
            ground=ground,
            clause="ROE-18",
            reason=reason,
            ended_at=case.now,
            managers=manager_readers(case.situation.program, case.rules, [scope.territory]),
        )
    )
    for sale in list(sales_of(case, line)):
        if sale.seller(tier) == partner and scopes_overlap(case.rules, sale.scope, scope):
            party_is_gone(case, sale.sale, line, "it is seller of record no more")
    those_behind_wait_no_longer(case, line, scope, "ROE-18")
