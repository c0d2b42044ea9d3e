"""A key of the log that counts no more: because it was stolen, or may have been."""

from dealreg.proof import verify
from dealreg.proof.verify import parse_vkey, signed_by
from dealreg.service.ledger.audit_facts import LogKeyRevoked
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.witnessing.keyring import keys_stream
from dealreg.service.witnessing.policy import Trust, newest
from dealreg.vocabulary.refused import Closed, Refused, Unknown
from dealreg.vocabulary.values import Text


def revoke(auditor: Ledger, known: Trust, vkey: str, from_size: int, *, by: str, reason: Text) -> int:
    """Record that a key counts no more for checkpoints of ``from_size`` facts and more; the fact's position.

    Raises ``Refused`` where it has no reason, is no key of a log here, was revoked from there or earlier, or where nobody else's
    signature would be left under the newest checkpoint; and ``Unavailable``.
    """
    if not reason.strip():
        raise Refused("a revocation is recorded with its reason; say what happened")
    try:
        origin = parse_vkey(vkey).name
    except verify.Refused as error:
        raise Refused(f"{error}; take the key as `dealreg audit policy` shows it") from error
    counting = known.counts(origin, vkey)
    if counting is None:
        raise Unknown("no log here has such a key; take it as `dealreg audit policy` shows it")
    if counting.to_size is not None and counting.to_size <= from_size:
        raise Closed(f"it counts no more from size {counting.to_size} on; only an earlier size would change that")
    last = newest(auditor, origin)
    others = [one.key for one in known.logs[origin] if one.vkey != vkey and one.to_size is None]
    if last is not None and not any(signed_by(last[1], other) for other in others):
        raise Refused(
            "no other key that counts signed the newest checkpoint, so nothing new could be verified; "
            "run `dealreg seal --rotate-key`, and revoke then"
        )
    return record(
        auditor,
        fact(keys_stream(origin), LogKeyRevoked(origin=origin, key=vkey, from_size=from_size), by=by, reason=reason),
    )
