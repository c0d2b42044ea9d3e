"""What a dealer, its distributor and the channel manager see of one customer: asked of the read models under row-level security."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dealreg.engagement.windows import last_day
from dealreg.file.evolve import FILE
from dealreg.process.deciding import AGGREGATES
from dealreg.service.demo.acting import Acting
from dealreg.service.demo.story import Story
from dealreg.service.ingest.reconciling import read_states
from dealreg.service.ingest.world import World
from dealreg.service.ledger.cache import States
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import file_stream, partner_reader, region_reader

ALL = 10_000
HOLDING = frozenset({"approved", "protected", "suspended"})
SHOWN = ("line", "tier", "partner", "state", "clause", "protected_until")
"""Columns of a partner's view."""
SHOWN_TO_MANAGERS = (*SHOWN, "filed_by", "reason", "priority_at")


def views(world: World, story: Story, acting: Acting) -> dict[str, Any]:
    """The rows of each of the three, with the name under which each knows the customer. Raises what psycopg raises."""
    shown, program, reading = story.cast.shown, story.program, world.house.reading
    customer = acting.customer(shown.deal)
    region = str(story.cast.people[shown.manager].region)
    about = _registrations(world, program, customer)
    dealer, distributor = partner_reader(program, shown.dealer), partner_reader(program, shown.distributor)
    rows = {
        "dealer": reading.ask("my_deals", "newest", dealer, Role.DEALER, {"limit": ALL}),
        "distributor": reading.ask("network_deals", "newest", distributor, Role.DISTRIBUTOR, {"limit": ALL}),
        "channel_manager": reading.ask(
            "protected_customers",
            "of_customer",
            region_reader(program, region),
            Role.CHANNEL_MANAGER,
            {"customer": customer},
        ),
    }
    who = {"dealer": shown.dealer, "distributor": shown.distributor, "channel_manager": shown.manager}
    return {
        role: {
            "who": who[role],
            "rows": [_row(row, role, story.rules.zone) for row in _ordered(found) if row["registration"] in about],
        }
        for role, found in rows.items()
    }


def _registrations(world: World, program: str, customer: UUID) -> set[UUID]:
    """Every registration that has a claim on the customer."""
    stream = file_stream(program, customer)
    file = read_states(States(world.house.ledger, AGGREGATES, size=1), FILE, [stream])[stream]
    return {claim.registration for claim in file.claims.values()}


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["submitted_at"], str(row["registration"]), row["line"], row["tier"]))


def _row(row: Mapping[str, Any], role: str, zone: ZoneInfo) -> dict[str, Any]:
    columns = SHOWN_TO_MANAGERS if role == "channel_manager" else SHOWN
    end = row.get("grace_to") or row.get("window_to")
    until = last_day(end, zone).isoformat() if end is not None and row["state"] in HOLDING else None
    shown = {**row, "registration": str(row["registration"]), "protected_until": until}
    written = {name: value.isoformat() for name, value in shown.items() if isinstance(value, datetime)}
    return {name: {**shown, **written}.get(name) for name in ("registration", "customer_name", *columns)}
