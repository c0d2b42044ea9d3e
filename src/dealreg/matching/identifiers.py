"""Canonical forms of identifiers: two spellings of one identifier are one value, and a wrong one is refused with what to do.

Check digits are those of python-stdnum. D-U-N-S numbers have carried none since 2006, so any nine digits are taken.
"""

import re
from collections.abc import Callable

import idna
from stdnum import get_cc_module, lei
from stdnum.exceptions import ValidationError

from dealreg.matching.free_mail import FREE_MAIL
from dealreg.matching.registers import KINDS, NotRegistered, registered

STRENGTH = ("lei", "registry", "duns", "vat", "tax", "crm", "domain")
"""Which scheme is believed first where two name different customers: the legal entity, its entry in the register of its country, the site,
the tax unit, a CRM's record of it, and last the domain, which a group of companies may share."""

DOMAIN = "domain"
"""The one scheme whose value several companies may share: a group's."""

SAME_COUNTRY = {"GR": "EL", "XI": "GB"}
"""Greece writes EL before its numbers; a British number is one also where it is used for Northern Ireland."""

VAT_MODULE = {"CH": "uid", "NO": "orgnr"}
"""Where a VAT number is the number of the enterprise with a word behind it that changes with the language."""

ACCOUNT_15 = re.compile(r"001(?=[0-9]*[A-Za-z])[0-9A-Za-z]{12}")
CRM_SOURCE = re.compile(r"[^\s\x00-\x1f\x7f]{1,190}")
"""The source of a CloudEvent is a URI reference, such as //crm.example/acme."""
CHECK_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
LABEL = re.compile(r"(?!\d+$)[a-z0-9-]+$")


class NotAnIdentifier(ValueError):
    """The value is none of its scheme; the message says what one looks like."""


def canonical(scheme: str, value: str) -> tuple[str, str]:
    """The scheme and the value as they are kept. Raises ``NotAnIdentifier``."""
    kind, _, source = scheme.strip().partition(":")
    if kind.lower() == "crm":
        return _crm(source.strip(), value.strip())
    if kind.lower() in KINDS:
        return _registered(kind.lower(), source, value)
    if source or kind.lower() not in SCHEMES:
        known = ", ".join((*SCHEMES, *(f"{kind}:<country>" for kind in KINDS), "crm:<source>"))
        raise NotAnIdentifier(f"{scheme!r} is no scheme of identifiers; use one of {known}")
    return kind.lower(), SCHEMES[kind.lower()](value)


def strength(scheme: str) -> int:
    """The place of a canonical scheme in ``STRENGTH``; the lowest is believed first."""
    return STRENGTH.index(scheme.partition(":")[0])


def _duns(value: str) -> str:
    digits = re.sub(r"[\s.-]", "", value)
    if not re.fullmatch(r"[0-9]{9}", digits):
        raise NotAnIdentifier(f"{value!r} is no D-U-N-S number; it has nine digits, such as 15-048-3782")
    return digits


def _vat(value: str) -> str:
    """With the prefix of its country; the words that some countries write after the number are left out."""
    compact = re.sub(r"[\s./-]", "", value).upper()
    country = SAME_COUNTRY.get(compact[:2], compact[:2])
    named = re.fullmatch(r"[A-Z]{2}", country) is not None
    module = get_cc_module({"EL": "GR"}.get(country, country), VAT_MODULE.get(country, "vat")) if named else None
    if module is None:
        raise NotAnIdentifier(f"{value!r} is no VAT number; begin with the letters of its country, such as DE136695976")
    number = re.sub(r"(?:MWST|TVA|IVA|TPV|MVA)$", "", compact[2:]) if country in VAT_MODULE else compact[2:]
    for written in (country + number, number):
        try:
            kept = str(module.validate(written))
        except ValidationError:
            continue
        return kept if kept.startswith(country) else country + kept
    raise NotAnIdentifier(f"{value!r} is no valid VAT number of {country}; its length or a check digit is wrong")


def _lei(value: str) -> str:
    try:
        return str(lei.validate(value.strip().upper()))
    except ValidationError:
        raise NotAnIdentifier(
            f"{value!r} is no LEI; it has 20 letters and digits, of which the last two are check digits"
        ) from None


def _domain(value: str) -> str:
    """Lower case, in the form that the domain name system knows, without ``www``; a web address gives its host."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", value.strip().lower())
    host = re.split(r"[/?#]", host, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].rstrip(".")
    try:
        name = idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise NotAnIdentifier(f"{value!r} is no domain; give one such as example.com") from None
    name = re.sub(r"^www\.(?=.*\.)", "", name)
    if "." not in name or not LABEL.match(name.rpartition(".")[2]):
        raise NotAnIdentifier(f"{value!r} is no domain; give one such as example.com")
    if name in FREE_MAIL:
        raise NotAnIdentifier(
            f"{name} belongs to a mail provider and names no company; leave it out or give the company's own"
        )
    return name


def _registered(kind: str, country: str, value: str) -> tuple[str, str]:
    try:
        return registered(kind, country, value)
    except NotRegistered as error:
        raise NotAnIdentifier(str(error)) from error


def _crm(source: str, value: str) -> tuple[str, str]:
    """The account id as that CRM writes it; a Salesforce account of 15 characters becomes the one of 18."""
    if not CRM_SOURCE.fullmatch(source):
        raise NotAnIdentifier(
            "name the CRM organisation after 'crm:' as its events do, without spaces, such as crm:acme-eu"
        )
    if not value or "\x00" in value:
        raise NotAnIdentifier("the account id is empty; take it from the CRM's record")
    return f"crm:{source}", salesforce_18(value) if ACCOUNT_15.fullmatch(value) else value


def salesforce_18(record: str) -> str:
    """The 18 characters of a Salesforce record id of 15: each group of five gives a sign that says which letters are capitals.

    Ids of 15 differ in case only, ids of 18 survive where case is lost. Other lengths are returned as they are.
    Source: Salesforce help article 000383751.
    """
    if len(record) != 15:  # noqa: PLR2004 - the length that the sentence above names
        return record
    groups = (record[start : start + 5] for start in range(0, 15, 5))
    signs = (sum(("A" <= sign <= "Z") << place for place, sign in enumerate(group)) for group in groups)
    return record + "".join(CHECK_SIGNS[sign] for sign in signs)


SCHEMES: dict[str, Callable[[str], str]] = {"duns": _duns, "vat": _vat, "lei": _lei, "domain": _domain}
