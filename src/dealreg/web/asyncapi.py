"""The AsyncAPI 3 document of both directions: what the intake takes from the broker, and what the outbox puts there.

Everything in it is made of the models themselves: facts of their classes, a partner's rows of those that the API answers, records of the
words of an opportunity. FastStream's generator sees handlers with typed bodies; the intake's takes bytes, so its models are filled here.
"""

import re
from collections.abc import Iterable, Mapping
from inspect import getdoc
from typing import Any, Final

from faststream.specification.asyncapi.v3_0_0.schema import (
    ApplicationInfo,
    ApplicationSchema,
    Channel,
    Components,
    Message,
    Operation,
    Reference,
)
from faststream.specification.asyncapi.v3_0_0.schema.operations import Action
from pydantic import BaseModel

from dealreg.service.exporting.cloudevents import TYPE
from dealreg.service.intake import read_again
from dealreg.service.intake.cloudevents import ACCOUNT_TYPE, PROGRAM
from dealreg.service.intake.cloudevents import TYPE as OPPORTUNITY_TYPE
from dealreg.service.intake.mapping import Format
from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.service.outbox.audiences import AUDIT, Audience
from dealreg.service.outbox.message import CONTENT, SCHEMA
from dealreg.web.asyncapi_schemas import INSTANT, TEXT, Ref, envelopes, ref, schemas_of
from dealreg.web.price_rows import Price
from dealreg.web.rows import Deal, JoiningAsked

ROWS: Final[Mapping[str, type[BaseModel]]] = {
    "my_deals": Deal,
    "network_deals": Deal,
    "my_joinings": JoiningAsked,
    "special_prices": Price,
}
"""What a partner's stream tells of each read model: the row that the API answers."""


def document(version: str, names: StoredNames | None = None) -> dict[str, Any]:
    """The document as JSON. ``version`` is that of the program."""
    known = names or stored_names()
    facts = dict(sorted(known.classes.items()))
    refs, schemas = schemas_of([*facts.values(), *ROWS.values(), read_again.RecordRead])
    told = {name: _fact(name, cls, refs[cls]) for name, cls in facts.items()}
    shown = {
        f"{model}_row_{what}.v1": _row(model, what, refs[cls])
        for model, cls in ROWS.items()
        for what in ("shown", "gone")
    }
    heard = _heard(refs[read_again.RecordRead])
    schemas |= envelopes()
    every = {_key(name): message for name, message in {**told, **shown, **heard}.items()}
    channels = {
        "intake": _channel("crm.opportunity.{kind}", "What CRMs say of opportunities and accounts.", heard, kind="The sender's word for the kind of source."),
        "desk": _house_channel(Audience.DESK, "Every fact but those of audit, for the manufacturer's own systems.", told),
        "audit": _house_channel(Audience.AUDIT, "Every fact, those of audit too, for auditors.", told),
        "partner": _channel(
            "dealreg.partner.{reader}.{program}.{event}",
            "One stream a partner: its own rows, after each fact that changed them.",
            shown,
            reader="The partner's reader id.",
            program="The program.",
            event="What happened to the row.",
        ),
    }  # fmt: skip
    made = ApplicationSchema(
        info=ApplicationInfo(title="dealreg", version=version, description=" ".join((__doc__ or "").split("\n")[:1])),
        asyncapi="3.0.0",
        defaultContentType=CONTENT,
        channels=channels,
        operations={
            name: Operation(
                action=Action.RECEIVE if name == "intake" else Action.SEND,
                channel=Reference(**{"$ref": f"#/channels/{name}"}),
            )
            for name in channels
        },
        components=Components(messages=every, schemas=schemas),
    )
    found: dict[str, Any] = made.to_jsonable()
    for operation in found["operations"].values():
        # Without a list an operation is of all messages of its channel; an empty one is of none.
        operation.pop("messages", None)
    return found


def _key(name: str) -> str:
    """A name of a component: no dots."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _message(name: str, summary: str, payload: Mapping[str, Any]) -> Message:
    return Message(name=name, title=name, summary=summary, contentType=CONTENT, payload=dict(payload))


def _about(cls: type[BaseModel]) -> str:
    return (getdoc(cls) or cls.__name__).split("\n", maxsplit=1)[0]


def _typed(name: str, base: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A kind of event: its type, its schema's name, and what its data is."""
    own = {"type": {"const": f"{TYPE}{name}"}, "dataschema": {"const": f"{SCHEMA}{name}"}, "data": dict(data)}
    return {"allOf": [ref(base), {"type": "object", "required": ["data"], "properties": own}]}


def _fact(name: str, cls: type[BaseModel], data: Ref) -> Message:
    return _message(f"{TYPE}{name}", _about(cls), _typed(name, "Fact", data))


def _row(model: str, what: str, data: Ref) -> Message:
    words = "as it stands now" if what == "shown" else "as it stood when it went from what the partner reads"
    name = f"{model}_row_{what}.v1"
    return _message(f"{TYPE}{name}", f"A row of {model}, {words}.", _typed(name, "Row", data))


def _heard(record_read: Ref) -> dict[str, Message]:
    """What the intake understands; shapes of CRMs are theirs, and described in docs/adapters.md."""
    both = {"time": INSTANT, "sequence": TEXT, PROGRAM: TEXT}
    kinds = {
        OPPORTUNITY_TYPE: ("What changed of an opportunity, in our own words.", ref("Opportunity")),
        ACCOUNT_TYPE: ("What changed of an account, in our own words.", ref("Account")),
        read_again.TYPE: ("A record that was read again at its source, whole.", record_read),
    }
    found = {}
    for name, (words, data) in kinds.items():
        own = {"type": {"const": name}, "data": data, **both}
        payload = {"allOf": [ref("Event"), {"type": "object", "required": ["time", "data"], "properties": own}]}
        found[name] = _message(name, words, payload)
    others = ", ".join(sorted(one.value for one in Format if one is not Format.NEUTRAL))
    native = Message(
        name="native", title="native", contentType="application/json", payload={"type": ["object", "array"]},
        summary=f"A message in a CRM's own shape: {others}; docs/adapters.md says which and how they are told apart.",
    )  # fmt: skip
    return found | {"native": native}


def _house_channel(audience: Audience, words: str, told: Mapping[str, Message]) -> Channel:
    names = [name for name in told if audience is Audience.AUDIT or not name.startswith(AUDIT)]
    address = f"dealreg.{audience}.{{program}}.{{event}}"
    return _channel(
        address, words, names, program="The program.", event="The stored name of the fact without its version."
    )


def _channel(address: str, words: str, names: Iterable[str], **parameters: str) -> Channel:
    messages: dict[str, Message | Reference] = {
        _key(name): Reference(**{"$ref": f"#/components/messages/{_key(name)}"}) for name in names
    }
    described = {name: {"description": said} for name, said in parameters.items()}
    return Channel(address=address, description=words, messages=messages, parameters=described)  # type: ignore[call-arg]  # it takes more than it names
