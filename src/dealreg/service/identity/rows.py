"""A description of a customer → the rows that it is found by, as COPY takes them."""

from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from dealreg.matching.blocking import keys, place_number, sign
from dealreg.matching.core_name import core_name
from dealreg.matching.profile import Profile

DescriptionRow = tuple[int, UUID, str, str | None, str | None, str | None, str | None, str | None, str]
BlockRow = tuple[int, int, int, int]

COPY_DESCRIPTIONS = "COPY identity.descriptions (number, customer, name, words, country, place, street, postcode, identifiers) FROM STDIN"
COPY_BLOCKS = "COPY identity.blocks (key, place, number, sign) FROM STDIN"


class Rows(NamedTuple):
    """What one description is kept as."""

    description: DescriptionRow
    blocks: list[BlockRow]


def rows_of(number: int, customer: UUID, profile: Profile) -> Rows | None:
    """The rows of a description; ``None`` without a name, for then nobody finds it by likeness."""
    name = core_name(profile.name)
    if profile.name is None or not name.words:
        return None
    words = None if name.also else name.text
    place, signed = place_number(profile), sign(profile.name)
    blocks = [(key, place, number, signed) for key in keys(profile)]
    kept = (profile.name, words, profile.country, profile.place, profile.street, profile.postcode)
    return Rows((number, customer, *kept, to_json(profile.identifiers).decode()), blocks)


def profile_of(data: dict[str, Any]) -> Profile:
    """The description that a fact carries, without what it does not say."""
    said = {field: data.get(field) for field in ("name", "country", "place", "street", "postcode")}
    known = [*data.get("identifiers", ()), *data.get("shared", ())]
    return Profile(**said, identifiers=tuple((one["scheme"], one["value"]) for one in known))
