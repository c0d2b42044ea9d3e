"""Numbers that a country's register of companies or its tax office gave, by country: ``registry:GB``, ``tax:US``.

Each is checked by the module of python-stdnum that is named here; where that library knows none, by the form that the register publishes.
A country that is not named is refused with those that are: a number that nobody can check tells nobody apart.
"""

import re

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

REGISTRY = {
    "AT": "businessid", "AU": "acn", "BE": "vat", "BR": "cnpj", "CH": "uid", "CN": "uscc", "CZ": "dic", "DE": "handelsregisternummer",
    "DK": "cvr", "EE": "registrikood", "FI": "ytunnus", "FR": "siren", "IL": "hp", "JP": "cn", "KR": "brn", "LV": "pvn", "MA": "ice",
    "NO": "orgnr", "PL": "regon", "RO": "onrc", "RU": "ogrn", "SE": "orgnr", "SG": "uen", "TH": "moa", "TW": "ubn", "UA": "edrpou",
}  # fmt: skip
"""The number under which the register of companies of a country keeps a company. Great Britain's is checked by its form, below."""

TAX = {
    "AR": "cuit", "AU": "abn", "CA": "bn", "CL": "rut", "CO": "nit", "GB": "utr", "HR": "oib", "IN": "gstin", "LT": "pvm", "MX": "rfc",
    "NZ": "ird", "PE": "ruc", "RS": "pib", "RU": "inn", "TR": "vkn", "US": "ein", "VN": "mst", "ZA": "tin",
}  # fmt: skip
"""The number under which a tax office knows a company, where that is no VAT number of the European kind (scheme ``vat``)."""

BRITISH = re.compile(r"(?:[A-Z]{2}[0-9]{6}|[0-9]{8})")
"""Eight characters: Companies House, registers of England and Wales (digits only), Scotland (SC), Northern Ireland (NI) and others."""

KINDS = ("registry", "tax")


class NotRegistered(ValueError):
    """The country or the number is none; the message says which are, or what is wrong."""


def registered(kind: str, country: str, value: str) -> tuple[str, str]:
    """The scheme with its country, and the number as it is kept. Raises ``NotRegistered``."""
    place = country.strip().upper()
    if kind == "registry" and place in {"GB", "UK"}:
        return "registry:GB", _british(value)
    named = (REGISTRY if kind == "registry" else TAX).get(place)
    module = get_cc_module(place, named) if named is not None else None
    if module is None:
        known = sorted({*REGISTRY, "GB"} if kind == "registry" else TAX)
        raise NotRegistered(f"no {kind} numbers of {place!r} can be checked; the countries are {', '.join(known)}")
    try:
        return f"{kind}:{place}", str(module.validate(value.strip()))
    except ValidationError:
        raise NotRegistered(f"{value!r} is no {kind} number of {place}; its length or a check digit is wrong") from None


def _british(value: str) -> str:
    number = re.sub(r"\s", "", value).upper()
    padded = number.zfill(8) if re.fullmatch(r"[0-9]{6,8}", number) else number
    if not BRITISH.fullmatch(padded):
        raise NotRegistered(f"{value!r} is no company number of GB; it has eight digits, or two letters and six digits")
    return padded
