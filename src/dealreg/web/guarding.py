"""What must hold before a command on something that exists is decided, and what a refusal may say about it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from dealreg.service.composition import House
from dealreg.service.insight import Insight
from dealreg.service.questions import DEALS, Questions
from dealreg.service.replay import no_registration
from dealreg.service.tokens import Claims
from dealreg.vocabulary.refused import Refused, Unknown
from dealreg.web import rows
from dealreg.web.lists import deal
from dealreg.web.opaque import etag
from dealreg.web.price_rows import PriceToDecide
from dealreg.web.problems import Trouble
from dealreg.web.reads import RegistrationRows

OF_PROGRAM: Final = ("registration", "conflict", "override", "special_price")
"""What a path may name by an id that does not say of which program it is."""

_FIRST = """
SELECT convert_from(state, 'UTF8')::jsonb #>> '{meta,program}' AS program FROM ledger.events
WHERE originator_id = %s AND originator_version = 1
"""


def require_own_program(house: House, claims: Claims, in_path: Mapping[str, Any]) -> None:
    """Raise ``Unknown`` for what belongs to another program: an id is no permission (architecture D16)."""
    for kind in OF_PROGRAM:
        if kind in in_path:
            found = house.ledger.run(_FIRST, [in_path[kind]])
            if not found or found[0]["program"] != claims.program:
                raise no_registration() if kind == "registration" else Unknown(f"there is no such {kind}; check its id")


def current_tag(house: House, claims: Claims, resource: str, in_path: Mapping[str, Any]) -> str:
    """The ETag that a resource has for this caller, once its read model knows of every fact. Raises ``Refused`` and ``Trouble``."""
    identity = in_path[resource]
    if resource == "override":
        return etag(Insight(house.replay, claims).override(identity, None).model_dump(mode="json"))
    asked = Questions(house.reading, claims, seen=house.ledger.head())
    if resource == "conflict":
        found = asked.ask("conflict_queue", "one", conflict=identity)
        shown: Any = [rows.ConflictRow(**row).model_dump(mode="json") for row in found.rows]
    elif resource == "special_price":
        found = asked.ask("special_prices", "one", special_price=identity)
        shown = [PriceToDecide(**row).model_dump(mode="json") for row in found.rows]
    else:
        found = asked.ask(DEALS[claims.role], "of_registration", registration=identity)
        legs = [deal(claims, row) for row in found.rows]
        shown = [RegistrationRows(registration=identity, legs=legs).model_dump(mode="json")] if legs else []
    if found.behind:
        raise Trouble(
            "behind", f"The {resource} as it is shown lacks {found.behind} facts; decide once it has caught up."
        )
    if not shown:
        raise no_registration() if resource == "registration" else Unknown(f"there is no such {resource}; check its id")
    return etag(shown[0])


def require_match(
    house: House, claims: Claims, resource: str, in_path: Mapping[str, Any], if_match: str | None
) -> None:
    """Raise ``Trouble`` unless the caller names the state that the resource is in: nobody decides on what he has not read.

    It is compared with the row as of the newest fact; the core then refuses what has been decided in between.
    """
    if if_match is None:
        raise Trouble(
            "unread", f"Read the {resource} and send its ETag in If-Match: what you decide on may have changed."
        )
    given = {one.strip() for one in if_match.split(",")}
    if "*" not in given and current_tag(house, claims, resource, in_path) not in given:
        raise Trouble("changed", f"Read the {resource} again, look at what changed, and decide with its new ETag.")


def masked(house: House, claims: Claims, in_path: Mapping[str, Any], refused: Refused) -> Refused:
    """The refusal, or, where the caller may not know of the registration at all, what a wrong id is answered."""
    registration = in_path.get("registration")
    if registration is None or Insight(house.replay, claims).sees_registration(registration):
        return refused
    return no_registration()


def told_of_another(
    house: House, claims: Claims, in_path: Mapping[str, Any], answer: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """The answer about somebody else's registration, which a partner that is asked to join may say no to without ever reading it.

    Only when both have said yes does either learn the other (ROE-10), and how long the line is protected is not shown before.
    """
    if "joining" not in in_path or Insight(house.replay, claims).sees_registration(in_path["registration"]):
        return answer
    return {name: str(in_path[name]) for name in ("registration", "joining")}
