"""A report of a customer's account: which customer and lines it is of, and whether it is over."""

from dataclasses import dataclass, replace

from dealreg.customer.report_events import AccountReported, AccountReportEnded
from dealreg.vocabulary.fact import Aggregate, Event


@dataclass(frozen=True, slots=True)
class Report:
    """One request's word on a customer's account."""

    given: AccountReported | None = None
    ended: bool = False


def evolve(state: Report, event: Event) -> Report:
    """The report after the event."""
    match event:
        case AccountReported():
            return Report(event)
        case AccountReportEnded():
            return replace(state, ended=True)
        case _:
            return state


REPORT = Aggregate("account_report", Report(), evolve)
