"""Names of companies that do not exist, in letters that real ones have."""

from dealreg.service.simulating.chance import Chance

SYLLABLES = (
    "al", "ber", "cor", "dan", "el", "fen", "gar", "hol", "ing", "jor", "kal", "lin", "mor", "nor", "os", "pel", "quin",
    "ros", "sol", "tur", "ulm", "ver", "wil", "xan", "yor", "zel", "brü", "häl", "lö", "kra", "stei", "pru", "gri", "fla",
)  # fmt: skip
TRADES = (
    "Anlagenbau", "Automation", "Werke", "Technik", "Systems", "Energy", "Foods", "Logistics", "Papier", "Chemie",
    "Marine", "Rail", "Motors", "Aqua", "Glass", "Steel",
)  # fmt: skip
FORMS = ("GmbH", "AG", "SE", "Ltd", "S.A.", "B.V.", "SpA", "Sp. z o.o.", "Inc.", "KG")


def company(chance: Chance, number: int) -> str:
    """A name; ``number`` makes it unlike every other one."""
    word = "".join(chance.one(SYLLABLES) for _ in range(3)).capitalize()
    return f"{word} {chance.one(TRADES)} {number} {chance.one(FORMS)}"


def otherwise(chance: Chance, name: str) -> str:
    """The name as somebody else types it."""
    forms = {"GmbH": "G.m.b.H.", "AG": "A.G.", "Ltd": "Limited", "Inc.": "Incorporated"}
    typed = " ".join(forms.get(word, word) for word in name.split(" "))
    return typed.upper() if chance.happens(0.3) else typed
