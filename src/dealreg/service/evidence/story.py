"""What the page for people says: the story of the deal in order, who was protected under which clause, what is proved and what is not."""

import shlex
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from dealreg.proof.verify import parse_checkpoint, payload_digest
from dealreg.service.evidence.gathering import Known
from dealreg.service.evidence.making import Made
from dealreg.service.explaining import CLAUSES

MOST_TOLD = 1000
"""Facts that a page tells; a bundle may hold more."""

NOT_PROVED = (
    "That what was recorded is true: the log proves what was recorded and when it was known, not that it was so.",
    "Who sat at the keyboard: an actor is a pseudonym that the manufacturer's identity provider vouches for.",
    "Anything after the position up to which this evidence is complete.",
    "That the map of all streams was made rightly; an auditor with the whole log makes it again, and a wrong map is signed by its maker.",
    "Anything at all where the manufacturer, every witness and every keeper of an earlier checkpoint act together.",
)
UNWITNESSED = (
    "When it was: no witness signed a checkpoint of this bundle, so the dates are those of the log's own clock."
)
STATEMENT = (
    "This record was produced by an electronic process. Each fact was appended to a ledger that no login of the system may change, with the "
    "database's own time. A separate process read the ledger in order, computed a Merkle tree over all facts (RFC 6962, SHA-256) and signed its "
    "root (Ed25519, C2SP signed notes and checkpoints). {witnesses}This bundle was made by the same program from that ledger, without editing, and "
    "its making is itself a fact of the ledger. The accompanying program verify.py recomputes every hash and checks every signature without "
    "access to the system. Whoever certifies this process by signature (for instance under rules such as Fed. R. Evid. 902(13) and 902(14)) "
    "should have run it."
)
WITNESSES = "Witnesses with keys of their own signed the same roots after they had checked that each tree begins with the one before. "


def story(made: Made, *, by: str, reason: str, keys: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """All that both forms of the page are filled with. ``keys``: verifier keys of the log with their fingerprints, as the trail has them."""
    log = parse_checkpoint(made.newest.note)
    told = [(one, shown) for one, shown in made.facts if one.stored.stream in made.own]
    shown = [one for one, is_shown in told if is_shown]
    seen = any(one.seen for one in (*made.anchors, made.newest))
    return {
        "title": f"Evidence: {made.subject.kind} {made.subject.id}",
        "subject": str(made.subject.kind),
        "id": made.subject.id,
        "program": made.subject.program,
        "made": [
            ("made by", by), ("because", reason), ("as of", made.facts[-1][0].stored.recorded_at),
            ("shown to", made.shown_to or "the house itself: nothing is redacted"),
        ],
        "log": {"origin": log.origin, "size": log.size, "root": log.root.hex()},
        "signed": [{"name": name, "id": key.hex()} for name, key, _ in log.note.signatures],
        "keys": [{"vkey": vkey, "fingerprint": fingerprint} for vkey, fingerprint in keys],
        "protected": list(_protected(shown))[:MOST_TOLD],
        "story": [_fact(one, shown=is_shown) for one, is_shown in told[:MOST_TOLD]],
        "untold": max(len(told) - MOST_TOLD, 0),
        "rulebooks": list(_rulebooks(made)),
        "inputs": list(_inputs(made)),
        "outside": _outside(made, shown),
        "absent": list(made.absent),
        "holds": list(_holds(made)),
        "personal": [{"ref": ref, "told": said} for ref, said in sorted(made.told.items())],
        "anchors": [{"size": one.size, "seen": ", ".join(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in one.seen)} for one in (*made.anchors, made.newest)],
        "stamps": [f"{one.size}, {one.authority}" for one in made.tokens],
        "hand": _by_hand(shown),
        "digest": sha256(made.data).hexdigest(),
        "not_proved": [*NOT_PROVED, *([] if seen else [UNWITNESSED])],
        "seen": seen,
        "statement": STATEMENT.format(witnesses=WITNESSES if seen else ""),
    }  # fmt: skip


def _fact(one: Known, *, shown: bool) -> dict[str, Any]:
    fact = one.stored
    name = fact.topic.rpartition(".v")[0].replace("_", " ")
    place = {"position": fact.position, "at": fact.recorded_at, "hidden": not shown, "what": name}
    if not shown:
        return {**place, "actor": "", "reason": "", "clause": "", "says": "", "rulebook": "", "details": []}
    meta, data = one.said["meta"], one.said["data"]
    line = data.get("line")
    clause = data.get("clause") or ""
    return {
        **place,
        "what": f"{name} on {line}" if isinstance(line, str) else name,
        "actor": _actor(meta),
        "reason": data.get("reason") or meta.get("reason") or "",
        "clause": clause,
        "says": CLAUSES.get(clause, ""),
        "rulebook": data.get("rulebook_version") or "",
        "details": list(_details(data)),
    }


def _actor(meta: dict[str, Any]) -> str:
    actor = meta["actor"]
    place = actor.get("partner") or actor.get("region")
    behalf = meta.get("on_behalf_of")
    role = str(actor["role"]).replace("_", " ")
    return f"{role} {actor['subject']}{f' of {place}' if place else ''}{f', for {behalf}' if behalf else ''}"


_TOLD = (
    "filed_by",
    "customer_name",
    "value",
    "lines",
    "ruling",
    "awarded",
    "ruled_by",
    "approved_by",
    "missing",
    "priority_at",
    "kind",
    "ground",
)


def _details(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that people ask for; all of them stand in the bundle."""
    for name in _TOLD:
        if (value := data.get(name)) not in (None, [], ""):
            yield name.replace("_", " "), _plain(value)


def _plain(value: Any) -> str:
    match value:
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case {"line": line, "scope": {"territory": territory}}:
            return f"{line} in {territory}"
        case dict():
            return ", ".join(f"{name.replace('_', ' ')} {_plain(one)}" for name, one in value.items())
        case list():
            return ", ".join(map(_plain, value))
        case _:
            return str(value)


def _protected(shown: Iterable[Known]) -> Iterator[dict[str, Any]]:
    """Who was given protection, from when until when, under which clause and rulebook: the windows as they were recorded."""
    for one in shown:
        data = one.said["data"]
        legs = (
            data.get("legs")
            if isinstance(data.get("legs"), list)
            else [data["leg"]]
            if isinstance(data.get("leg"), dict)
            else []
        )
        for leg in legs or []:
            if isinstance(leg, dict) and leg.get("window_from"):
                yield {
                    "partner": leg["partner"], "tier": leg["tier"], "line": data.get("line") or "", "window_from": leg["window_from"],
                    "window_to": leg["window_to"], "clause": data.get("clause") or "", "rulebook": data.get("rulebook_version") or "",
                    "position": one.stored.position, "what": one.stored.topic.rpartition(".v")[0].replace("_", " "),
                }  # fmt: skip


def _rulebooks(made: Made) -> Iterator[dict[str, Any]]:
    for one, shown in made.facts:
        if shown and one.stored.topic.startswith("rulebook_published."):
            data = one.said["data"]
            yield {
                "version": data["version"],
                "program": one.said["meta"]["program"],
                "force_from": data["force_from"],
                "position": one.stored.position,
            }


def _inputs(made: Made) -> Iterator[dict[str, Any]]:
    """Streams that were read and belong to no deal of the story."""
    streams: dict[str, list[Known]] = {}
    for one, _ in made.facts:
        if one.stored.stream not in made.own:
            streams.setdefault(one.stored.stream, []).append(one)
    for stream, facts in streams.items():
        yield {
            "stream": stream,
            "begins": facts[0].stored.topic.rpartition(".v")[0].replace("_", " "),
            "facts": len(facts),
        }


def _outside(made: Made, shown: Iterable[Known]) -> list[str]:
    inside = {one.stored.stream for one, _ in made.facts}
    read = {str(stream) for one in shown for stream in one.said["meta"].get("read", {})}
    return sorted(read - inside - set(made.absent)) if made.subject.kind.value != "period" else []


def _holds(made: Made) -> Iterator[dict[str, Any]]:
    for one, shown in made.facts:
        if shown and one.stored.topic.startswith("audit.hold_"):
            data = one.said["data"]
            yield {
                "what": one.stored.topic.rpartition(".v")[0].removeprefix("audit.").replace("_", " "), "matter": data.get("matter") or "",
                "about": f"{data.get('kind') or ''} {data.get('about') or ''}".strip(), "at": one.stored.recorded_at, "position": one.stored.position,
            }  # fmt: skip


def _by_hand(shown: Sequence[Known]) -> dict[str, Any] | None:
    """The commands that recompute one leaf from the shortest fact, and what they print."""
    if not shown:
        return None
    fact = min(shown, key=lambda one: len(one.stored.state)).stored
    digest = payload_digest(fact.salt, fact.state)
    salt, state = b64encode(fact.salt).decode(), fact.state.decode()
    text = [
        "dealreg/event/v1", str(fact.position), fact.stream, str(fact.version), fact.recorded_at, fact.recorded_by, fact.topic, b64encode(digest).decode(),
    ]  # fmt: skip
    lines = " \\\n  ".join(shlex.quote(one) for one in text)
    return {
        "position": fact.position,
        "payload": f"(printf 'dealreg/payload/v1\\n'; printf '%s' '{salt}' | base64 -d; printf '%s' {shlex.quote(state)}) | sha256sum",
        "payload_says": digest.hex(),
        "leaf": f"(printf '\\000'; printf '%s\\n' {lines}) | sha256sum",
        "leaf_says": fact.leaf.hex(),
    }
