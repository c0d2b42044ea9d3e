"""The facts of a bundle: each stands in the log, unchanged, and dated in between what witnesses saw of it."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from dealreg.proof.policy import Policy, Trusted, trusted
from dealreg.proof.verify import (
    Refused,
    decoded,
    leaf_hash,
    leaf_text,
    payload_digest,
    verify_consistency,
    verify_inclusion,
)


class Dated:
    """The facts of a bundle under a policy: ``leaves`` by position, ``shown`` by stream what those say that are not redacted."""

    def __init__(self, bundle: dict[str, Any], policy: Policy) -> None:
        """The checkpoint is looked at: everything else hangs on it."""
        self.bundle, self.policy = bundle, policy
        self.events: list[dict[str, Any]] = bundle["events"]
        self.newest = trusted(bundle["checkpoint"], policy, policy.quorum)
        self.size = self.newest.checkpoint.size
        self.nodes, self.used = [decoded(one) for one in bundle["nodes"]], set[int]()
        self.leaves: dict[int, bytes] = {}
        self.shown: dict[str, list[dict[str, Any]]] = {}
        self.streams: dict[str, list[dict[str, Any]]] = {}

    def path(self, indexes: str) -> list[bytes]:
        """The hashes of a proof."""
        numbers = [int(one) for one in indexes.split()]
        if any(one >= len(self.nodes) for one in numbers):
            raise Refused("a proof names a node that is not there")
        self.used.update(numbers)
        return [self.nodes[one] for one in numbers]

    def shown_facts(self) -> list[dict[str, Any]]:
        """Every fact that is not redacted."""
        return [fact for facts in self.shown.values() for fact in facts]

    def anchors(self) -> Iterator[Trusted]:
        """The earlier checkpoints: the tree of the bundle began with each of theirs."""
        last, newest = 0, self.newest.checkpoint
        for anchor in self.bundle["anchors"]:
            found = trusted(anchor["checkpoint"], self.policy, min(len(self.policy.witnesses), 1))
            old = found.checkpoint
            if not last < old.size < newest.size:
                raise Refused(f"the earlier checkpoint of size {old.size} stands where it does not belong")
            verify_consistency(old.size, newest.size, old.root, newest.root, self.path(anchor["proof"]))
            last = old.size
            yield found

    def facts(self) -> str:
        """Every fact lies at its place in the tree, and dates never fall."""
        root, last = self.newest.checkpoint.root, (0, "")
        for event in self.events:
            position, at = event["position"], event["recorded_at"]
            where = (position, event["stream"], event["version"], at, event["recorded_by"], event["topic"])
            leaf = leaf_hash(leaf_text(*where, _digest(event)))
            verify_inclusion(position - 1, self.size, leaf, self.path(event["proof"]), root)
            if last[0] >= position or last[1] > at:
                raise Refused(f"position {position} of {at} stands behind {last[0]} of {last[1]}: a clock set back?")
            last, self.leaves[position] = (position, at), leaf
            if "state" in event:
                self.shown.setdefault(event["stream"], []).append({**_payload(event), "event": event})
        hidden = sum("digest" in event for event in self.events)
        return f"{len(self.events)} facts stand in the log unchanged; of {hidden} only place, time and kind are shown"

    def times(self, seen: Sequence[Trusted]) -> Iterator[str]:
        """A fact is dated after every moment at which a witness saw the log without it, and before each at which it saw it with it."""
        sizes, skew, bounded = [one.checkpoint.size for one in seen], self.policy.skew, 0
        for event in self.events:
            position, at = event["position"], second(event["recorded_at"])
            place = bisect_left(sizes, position)
            if (event["after"], event["before"]) != (sizes[place - 1] if place else 0, sizes[place]):
                raise Refused(f"position {position} does not name the checkpoints between which it lies")
            if any(at + skew < second for one in seen[:place] for second in one.times.values()):
                raise Refused(f"position {position} is dated before a witness saw the log without it")
            if any(at - skew > second for one in seen[place:] for second in one.times.values()):
                raise Refused(f"position {position} is dated after a witness saw the log with it")
            bounded += any(one.times for one in seen[:place]) and any(one.times for one in seen[place:])
        if {self.size, *sizes} - {self.size, *(event[side] for event in self.events for side in ("after", "before"))}:
            raise Refused("an earlier checkpoint is there that dates nothing")
        for name in {name for one in seen for name in one.times}:
            seconds = [one.times[name] for one in seen if name in one.times]
            if seconds != sorted(seconds):
                raise Refused(f"the clock of witness {name} was set back")
        if any(one.times for one in seen):
            yield f"the dates of {bounded} facts lie between two moments of trusted witnesses, none contradicts one (to {skew} s)"
        else:
            yield "NOT proved: when it was; no trusted witness signed, the dates are those of the log's own clock"

    def period(self) -> Iterator[str]:
        """A row of positions without a gap, with the one before it and the one after it, where the log has them."""
        said = self.bundle["subject"]
        first, last, beside = said["first"], said["last"], (said["before"], said["behind"])
        row = list(range(max(first - 1, 1), min(last + 1, self.size) + 1))
        if (
            self.bundle["heads"] is not None
            or not 0 < first <= last + 1 <= self.size + 1
            or not row
            or beside != (first - 1, last + 1 if last < self.size else 0)
        ):
            raise Refused("a period is a row of positions")
        if [event["position"] for event in self.events] != row:
            raise Refused("a position of the period is missing, or the one beside it at an end")
        after = self.events[0]["recorded_at"] if first > 1 else "the log began"
        before = self.events[-1]["recorded_at"] if last < self.size else f"the log had {self.size} facts"
        yield f"complete: all {last + 1 - first} facts at positions {first} to {last}, recorded after {after}, before {before}"


def _digest(event: dict[str, Any]) -> bytes:
    if "digest" in event:
        return decoded(event["digest"])
    return payload_digest(decoded(event["salt"]), event["state"].encode())


def _payload(event: dict[str, Any]) -> dict[str, Any]:
    try:
        said = json.loads(event["state"])
    except (ValueError, RecursionError) as error:
        raise Refused(f"what position {event['position']} says is no JSON") from error
    meta, data = (said.get("meta"), said.get("data")) if isinstance(said, dict) else (None, None)
    if not isinstance(meta, dict) or not isinstance(data, dict) or not isinstance(meta.get("program"), str):
        raise Refused(f"what position {event['position']} says is no fact")
    return {"meta": meta, "data": data}


def second(at: str) -> float:
    """The second of 1970. Raises ``Refused``."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError) as error:
        raise Refused(f"no date: {at}") from error
