"""Check a bundle of evidence: what is in it stands in the log, unchanged, dated in between what witnesses saw, and nothing of it is left out.

``python verify.py bundle.json --policy policy.json`` says a line for each thing proved and ends with 0; or the first that is not, and 1.
"""

import argparse
import hashlib
import re
import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dealreg.proof.bundle import BUNDLE, belonging, derived, head_text, roots, sealed, written
from dealreg.proof.dated import Dated, second
from dealreg.proof.policy import LARGEST, Policy, check_receipt, fits, read_json, read_policy
from dealreg.proof.verify import Refused, decoded, leaf_hash, verify_inclusion

HEADS = "audit.stream_heads_sealed.v1"
"""The fact that carries the root of the map of stream heads."""
STALE = 600
"""Seconds that the log may have gone on, from the map of stream heads to the bundle's checkpoint."""
DELETING = ("audit.subject_erased.", "audit.retention_applied.")
"""Facts that say which personal values were deleted."""
FIRST = {
    "deal": "registration_submitted", "conflict": "conflict_detected",
    "customer": "customer_opened", "partner": "partner_enrolled",
}  # fmt: skip
"""The first fact of what a bundle may be about."""


class Evidence(Dated):
    """A bundle under a policy. ``check`` goes through it and raises ``Refused`` at the first thing that does not hold."""

    def check(self) -> Iterator[str]:
        """A line for each thing proved."""
        yield str(self.newest)
        seen = [*self.anchors(), self.newest]
        yield self.facts()
        yield from self.times(seen)
        yield from self.period() if self.bundle["subject"]["kind"] == "period" else self._complete()
        yield from self._personal()
        if self.used != set(range(len(self.nodes))) or len(set(self.nodes)) < len(self.nodes):
            raise Refused("a node of the proofs is there twice or for nothing")

    def _complete(self) -> Iterator[str]:
        said, sealed_at = self._heads()
        entries = self._entries(said)
        self._streams(entries, said["log_size"])
        self._absences(entries, said["streams"])
        subject, absent = self.bundle["subject"], self.bundle["heads"]["absent"]
        whole, begins = belonging(subject, self.shown), self.streams.get(roots(subject)[0])
        needed = whole if self.policy.require_completeness else set(roots(subject))
        if missing := sorted(needed - self.streams.keys() - set(absent)):
            raise Refused(f"the bundle leaves out stream {missing[0]}, which belongs to it")
        if set(absent) - whole:
            raise Refused("the bundle proves the absence of what nobody asks for")
        if begins and begins[0]["topic"].rpartition(".v")[0] != FIRST[subject["kind"]]:
            raise Refused(f"what the bundle is about is no {subject['kind']}: it begins with {begins[0]['topic']}")
        upto = f"up to position {said['log_size']}"
        for stream, events in self.streams.items():
            if stream in whole:
                yield f"complete {upto}: all {len(events)} facts of {stream}, which begins with {events[0]['topic']}"
        yield f"complete {upto}: {len(self.streams.keys() - whole)} streams more; the map of all streams is of {sealed_at}"
        yield from (f"absent {upto}: nothing was ever recorded of {stream}" for stream in absent)
        yield from self._claims(whole)
        yield from self._read(whole)

    def _heads(self) -> tuple[dict[str, Any], str]:
        """What the map of stream heads says, and when; it is there, it is not stale, and nothing lies behind it."""
        place = self.bundle["heads"]["position"] if self.bundle["heads"] else 0
        fact = next((one for one in self.shown_facts() if one["event"]["position"] == place), None)
        if fact is None or fact["event"]["topic"] != HEADS or self.events[-1]["position"] != self.size:
            raise Refused("the map of stream heads, or the newest fact of the checkpoint, is not there")
        said, at, newest = fact["data"], fact["event"]["recorded_at"], self.events[-1]["recorded_at"]
        fits(said, {"log_size": int, "streams": int, "root": re.compile("[0-9a-f]{64}")}, "the map of stream heads")
        if said["log_size"] >= place or second(newest) - second(at) > STALE:
            raise Refused(f"the map of stream heads of {at} is stale: the checkpoint is of {newest}")
        behind = {event["position"] for event in self.events if event["position"] > said["log_size"]}
        if behind - {place, self.size}:
            raise Refused(f"position {min(behind)} lies behind the map of stream heads")
        return said, at

    def _entries(self, said: dict[str, Any]) -> dict[str, Any]:
        """The entries of the map that are here, by stream: each is in it."""
        entries, places = self.bundle["heads"]["entries"], [(-1, "")]
        for one in entries:
            leaf = leaf_hash(head_text(one["stream"], one["version"], one["position"], decoded(one["leaf"])))
            verify_inclusion(one["index"], said["streams"], leaf, self.path(one["proof"]), bytes.fromhex(said["root"]))
            places.append((one["index"], one["stream"]))
            if not all(before < after for before, after in zip(*places[-2:], strict=True)):
                raise Refused("the entries of the map of stream heads are not in order")
        return {one["stream"]: one for one in entries}

    def _streams(self, entries: dict[str, Any], log_size: int) -> None:
        """Of each stream every fact is here, from the first to the one that the map has as its newest."""
        for event in self.events:
            if event["position"] <= log_size:
                self.streams.setdefault(event["stream"], []).append(event)
        for stream, events in self.streams.items():
            for number, event in enumerate(events, 1):
                if event["version"] != number:
                    raise Refused(f"stream {stream} is not whole: its fact {number} is missing")
            one, newest = entries.get(stream), events[-1]
            end = (newest["version"], newest["position"], self.leaves[newest["position"]])
            if one is None or (one["version"], one["position"], decoded(one["leaf"])) != end:
                raise Refused(f"stream {stream} is not whole: what is here as its newest fact, {len(events)}, is not")

    def _absences(self, entries: dict[str, Any], streams: int) -> None:
        names, asked, bounds = list(entries), self.bundle["heads"]["absent"], set[str]()
        if asked != sorted(set(asked)):
            raise Refused("the absent streams are not in order")
        for stream in asked:
            place = bisect_left(names, stream)
            left, right = names[max(place - 1, 0) : place], names[place : place + 1]
            before = entries[left[0]]["index"] if left else -1
            after = entries[right[0]]["index"] if right else streams
            if stream in entries or after - before != 1:
                raise Refused(f"it is not proved that there is no stream {stream}")
            bounds.update(left + right)
        if entries.keys() - self.streams.keys() - bounds:
            raise Refused("an entry of the map of stream heads is there for nothing")

    def _claims(self, whole: set[str]) -> Iterator[str]:
        for stream in sorted(whole & self.streams.keys()):
            claims = [event for event in self.streams[stream] if event["topic"].startswith("claim_entered.")]
            if claims:
                yield f"no earlier claim: the first in file {stream} is at position {claims[0]['position']}, recorded {claims[0]['recorded_at']}"
        for stream, facts in self.shown.items():
            for fact in facts if stream in self.streams else []:
                if fact["event"]["topic"].startswith("audit.hold_"):
                    yield f"{fact['event']['topic']} at position {fact['event']['position']}: {fact['data'].get('matter')}"

    def _read(self, whole: set[str]) -> Iterator[str]:
        facts = [fact for stream in sorted(whole) for fact in self.shown.get(stream, [])]
        used = {(one["meta"]["program"], str(one["data"].get("rulebook_version") or "")) for one in facts}
        for program, version in sorted(one for one in used if one[1]):
            rulebook = self.shown.get(derived("rulebook", program), [])
            places = [one["event"]["position"] for one in rulebook if one["data"].get("version") == version]
            if not places and self.policy.require_completeness:
                raise Refused(f"rulebook {version} of {program}, by which was decided, is not in the bundle")
            yield from (f"rulebook {version} of {program} is here by value, position {place}" for place in places[:1])
        read = {str(stream) for fact in facts for stream in fact["meta"].get("read", {})}
        if outside := sorted(read - self.streams.keys() - set(self.bundle["heads"]["absent"])):
            yield f"NOT in this bundle: {len(outside)} streams that were read: {' '.join(outside)}"

    def _personal(self) -> Iterator[str]:
        named = sorted({pair for fact in self.shown_facts() for pair in sealed(fact["data"])})
        deleting = [one for one in self.shown_facts() if one["event"]["topic"].startswith(DELETING)]
        gone = {str(ref) for one in deleting for ref in one["data"].get("refs", [])}
        if [one["ref"] for one in self.bundle["personal"]] != [ref for ref, _ in named]:
            raise Refused("the personal values are not those that the facts name")
        for one, (ref, digest) in zip(self.bundle["personal"], named, strict=True):
            if one["value"] is None:
                yield f"personal value {ref} is not here: {'erased' if ref in gone else 'not shown'}"
            elif ref in gone or hashlib.sha256(decoded(one["salt"]) + one["value"].encode()).hexdigest() != digest:
                raise Refused(f"personal value {ref} is not the one that was recorded, or was erased")
            else:
                yield f"personal value {ref} is the one that was recorded"


def check_bundle(data: bytes, policy: Policy, at_least: int = 0) -> Iterator[str]:
    """A line for each thing proved. Raises ``Refused`` at the first that is not."""
    try:
        bundle = read_json(data, BUNDLE, "bundle")
        if written(bundle) != data:
            raise Refused("the bundle is not written in the one way in which bundles are: it was edited or re-encoded")
        evidence = Evidence(bundle, policy)
        if evidence.size < at_least:
            raise Refused(f"the bundle is of size {evidence.size}, older than the {at_least} that are known")
        yield from evidence.check()
    except (RecursionError, TypeError, UnicodeError) as error:
        raise Refused("the bundle is nested too deep, or a fact in it does not have the shape of one") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Check a bundle of evidence or a receipt. Exit code 0: all holds; 1: refused."
    )
    parser.add_argument("evidence", help="bundle.json, or a receipt")
    parser.add_argument("--policy", required=True, help="whom you trust; have it from elsewhere than the bundle")
    parser.add_argument(
        "--at-least", type=int, default=0, metavar="SIZE", help="refuse what is older than a size that you know"
    )
    asked = parser.parse_args(arguments)
    try:
        with Path(asked.evidence).open("rb") as file, Path(asked.policy).open("rb") as trust:
            data, policy = file.read(LARGEST + 1), read_policy(trust.read(LARGEST))
        receipt = data.startswith(b"c2sp.org/")
        for line in (check_receipt if receipt else check_bundle)(data, policy, asked.at_least):
            _say(line)
    except (Refused, OSError) as error:
        _say(f"REFUSED: {error}")
        return 1
    _say("VERIFIED")
    return 0


def _say(line: str) -> None:
    """In ASCII, for any terminal; what a log holds moves no cursor and begins no line."""
    sys.stdout.write(re.sub(r"[\x00-\x1f\x7f]", "?", line.encode("ascii", "backslashreplace").decode()) + "\n")


if __name__ == "__main__":
    sys.exit(main())
