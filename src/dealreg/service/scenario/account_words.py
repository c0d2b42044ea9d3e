"""What facts of a customer's account say, as ``scenario explain`` tells them (ROE-18 to ROE-20, ROE-23, ROE-25, ROE-31)."""

from typing import Final

ACCOUNT_WORDS: Final[dict[str, str]] = {
    "AccountReported": "{said_by} tells of the account: {kind}",
    "AccountReportEnded": "{said_by} says that what {report} told is over",
    "SaleRecorded": "{line} was sold on {sold_on} (dealer: {dealer}; distributor: {distributor}; against the protection of: {past})",
    "SellerOfRecordEnded": "{partner} is seller of record of {line} at {tier} tier no more: {ground}; {reason} ({clause})",
    "SellerOfRecordReturned": "{partner} is seller of record of {line} at {tier} tier again: {reason} ({clause})",
    "DirectOpportunityRecorded": "the manufacturer's own opportunity on {line} stands from here on (ROE-19)",
    "DirectActivityRecorded": "the direct team was active on {line} at {active_at} (ROE-19)",
    "DirectOpportunityEnded": "the manufacturer's own opportunity on {line} is over: {reason} (ROE-19)",
    "DirectOpportunityReturned": "the manufacturer's own opportunity on {line} stands again: {reason} ({clause})",
    "AccountFlagged": "the account is strategic from {effective_at} on (lines: {lines}; where none is named, all): {reason} ({clause})",
    "AccountFlagLifted": "the account is strategic no more: {reason} (ROE-20)",
    "TenderEntered": "tender {reference} for {line} was published on {published_on}: {source} (ROE-23)",
    "TenderClosed": "the tender for {line} is closed: {reason} (ROE-23)",
    "TenderClassTaken": "{registration} is of the tender's class on {line}: no exclusivity, no window ({clause}); {reason}",
    "CreditGranted": "{partner} gets {share} of the benefit on {line}: {reason} ({clause})",
}
"""By the class name of the fact."""
