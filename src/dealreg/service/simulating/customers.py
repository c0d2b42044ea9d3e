"""The end customers of an invented program, with identifiers whose check digits are right."""

from dataclasses import dataclass
from hashlib import sha256

from stdnum.iso7064 import mod_11_10, mod_97_10

from dealreg.registration.commands import EndCustomer, Named
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.simulating.chance import Chance, sealed
from dealreg.service.simulating.names import company, otherwise
from dealreg.service.simulating.plan import Plan
from dealreg.vocabulary.values import Sealed

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COUNTRIES = ("AT", "AU", "BE", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "LU", "NL", "PL", "US")


@dataclass(frozen=True, slots=True)
class Buyer:
    """An end customer: where it sits and every identifier that somebody may know of it."""

    number: int
    name: str
    country: str
    place: str
    home: str
    identifiers: tuple[Named, ...]
    sites: tuple[str, ...]
    program: str

    def contact(self) -> tuple[Sealed, PersonalRow]:
        """Who buys there, and the name, which is kept beside the ledger."""
        return sealed(f"contact:{self.program}:{self.number}", f"Buyer {self.number}")

    def named(self, chance: Chance) -> EndCustomer:
        """As a partner writes it: one identifier or several, typed in its own way."""
        known = tuple(_typed(chance, one) for one in chance.some(self.identifiers[1:], 0.3))
        typed = otherwise(chance, self.name) if chance.happens(0.3) else self.name
        first = _typed(chance, self.identifiers[0])
        return EndCustomer(identifiers=(first, *known), name=typed, country=self.country, place=self.place)


def buyers(plan: Plan, homes: list[str]) -> list[Buyer]:
    """All of them, from the plan's seed."""
    # One identity serves all programs of a ledger, so no two invented programs may name the same customer.
    chance = Chance(plan.seed, plan.program, "customers")
    first = chance.whole(0, 10**9)
    return [_buyer(chance, plan, number, first + number, chance.one(homes)) for number in range(plan.customers)]


def _buyer(chance: Chance, plan: Plan, number: int, place: int, home: str) -> Buyer:
    own = sha256(f"{plan.program}/{plan.seed}".encode()).hexdigest()[:8]
    name = company(chance, number)
    country = home[:2] if home[:2] in COUNTRIES else "DE"
    # A multiplier that shares no factor with 10**9 spreads the numbers and keeps them apart.
    spread = f"{place * 387_420_489 % 10**9:09d}"
    identifiers = [Named(scheme="duns", value=spread)]
    if country == "DE":
        digits = f"{10_000_000 + place % 90_000_000}"
        identifiers.append(Named(scheme="vat", value=f"DE{digits}{mod_11_10.calc_check_digit(digits)}"))
    if chance.happens(0.4):
        body = "529900" + "".join(chance.one(ALPHABET) for _ in range(6)) + f"{number:06d}"[-6:]
        identifiers.append(Named(scheme="lei", value=body + mod_97_10.calc_check_digits(body)))
    identifiers.append(Named(scheme="domain", value=f"customer-{number}.{own}.example"))
    sites = tuple(f"{home}-{number}-{site}" for site in ("north", "south", "works")) if chance.happens(0.15) else ()
    return Buyer(number, name, country, f"Town {number % 97}", home, tuple(identifiers), sites, plan.program)


def _typed(chance: Chance, one: Named) -> Named:
    """Hyphens, spaces and capitals that the canonical form leaves out."""
    if not chance.happens(0.4):
        return one
    value = one.value
    if one.scheme == "duns":
        value = f"{value[:2]}-{value[2:5]}-{value[5:]}"
    elif one.scheme == "domain":
        value = f"https://www.{value}/"
    elif one.scheme == "vat":
        value = f"{value[:2]} {value[2:5]} {value[5:]}"
    return Named(scheme=one.scheme, value=value)
