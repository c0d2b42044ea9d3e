"""Customers merged, parted, split and told apart at random: every claim stands in one file, and nothing is lost (ROE-24).

The state machine of stories draws these too, among everything else; here little else is drawn, so that they meet each other.
"""

import datetime as dt
import random
from collections import Counter

import pytest

from dealreg.customer.commands import MergeCustomers, SplitCustomer, TellCustomersApart, UndoMerge
from dealreg.customer.state import CUSTOMER, IDENTIFIER
from dealreg.registration.commands import FileRegistration, WithdrawRegistration
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.ids import PartnerId, StreamId, identifier_stream
from tests.properties.laws import LAWS, broken
from tests.properties.story import CONTACT, Story, actor_of

STEPS = 30
DUNS = ("150483782", "006924872", "080015718", "331804421")
PARTIES = {"anna": "north", "bert": "north", "carl": "south"}


class Walk:
    """A story in which people change their minds about who customers are."""

    def __init__(self, seed: int) -> None:
        """The same seed walks the same way."""
        self.draw = random.Random(seed)
        self.story = Story({})
        self.did: Counter[str] = Counter()

    def step(self) -> None:
        """One asking, some time later."""
        self.story.now += dt.timedelta(minutes=self.draw.randrange(1, 4000))
        acts = (
            self.file,
            self.file,
            self.merge,
            self.merge,
            self.undo,
            self.split,
            self.split,
            self.apart,
            self.withdraw,
        )
        act = self.draw.choice(acts if len(self.known()) > 1 else (self.file,))
        came = act()
        if came is not None and came.refused is None and came.facts:
            self.did[act.__name__] += 1

    def known(self):
        """Every customer, absorbed ones too: a person may name any."""
        return [held.state for stream, held in self.story.ledger.states.held.items() if self._is_customer(stream)]

    def _is_customer(self, stream):
        state = self.story.ledger.states.held[stream].state
        return type(state) is type(CUSTOMER.initial) and state.exists

    def file(self):
        """A registration under one number, sometimes two, for one line."""
        dealer = self.draw.choice(list(PARTIES))
        numbers = self.draw.sample(DUNS, 1)
        legs = [{"tier": "distributor", "partner": PARTIES[dealer]}, {"tier": "dealer", "partner": dealer}]
        said = {
            "filed_by": dealer,
            "customer": {
                "identifiers": [{"scheme": "duns", "value": one} for one in numbers],
                "name": f"Firma {numbers[0]}",
            },
            "lines": [{"line": self.draw.choice(["drives", "relays"]), "scope": {"territory": "DE"}, "legs": legs}],
            "value": {"amount": "20000", "currency": "EUR"},
            "close_on": "2026-12-18",
            "contact": CONTACT,
        }
        return self.story.ask(FileRegistration.model_validate(said), actor_of(dealer))

    def merge(self):
        """Two of them."""
        one, other = self.draw.sample(self.known(), 2)
        return self.story.ask(MergeCustomers(customer=one.customer, absorbed=other.customer, reason="drawn"))

    def undo(self):
        """One that was merged, if there is one."""
        merged = [state for state in self.known() if state.into is not None]
        return self.story.ask(UndoMerge(customer=self.draw.choice(merged).customer, reason="drawn")) if merged else None

    def split(self):
        """Something that names one of them, and something filed on it, to another or a new one."""
        one, other = self.draw.sample(self.known(), 2)
        states = self.story.ledger.states
        filed = [
            r for r in self.story.registrations if states.state(REGISTRATION, StreamId(r)).customer == one.customer
        ]
        pairs = [
            {"scheme": scheme, "value": value} for scheme, value in one.identifiers[:1] if self.draw.random() < 0.5
        ]
        goes = self.draw.sample(filed, min(len(filed), self.draw.randrange(3)))
        if not pairs and not goes:
            return None
        to = other.customer if self.draw.random() < 0.5 else None
        said = {
            "customer": one.customer,
            "identifiers": pairs,
            "registrations": goes,
            "to": to,
            "name": "Split",
            "reason": "drawn",
        }
        return self.story.ask(SplitCustomer.model_validate(said))

    def apart(self):
        """Two of them."""
        one, other = self.draw.sample(self.known(), 2)
        return self.story.ask(TellCustomersApart(customer=one.customer, other=other.customer, reason="drawn"))

    def withdraw(self):
        """A partner leaves one of its own."""
        if not self.story.registrations:
            return None
        registration = self.draw.choice(list(self.story.registrations))
        dealer = self.story.registrations[registration]
        return self.story.ask(
            WithdrawRegistration(registration=registration, partner=PartnerId(dealer)), actor_of(dealer)
        )

    def numbers_name_one(self):
        """Each number names one customer, which has it, and no two open customers have it."""
        states = self.story.ledger.states
        for value in DUNS:
            holder = states.state(IDENTIFIER, identifier_stream("duns", value)).customer
            having = [s.customer for s in self.known() if s.into is None and ("duns", value) in s.identifiers]
            assert having in ([], [holder]), (value, holder, having)


def walked(seeds, steps=STEPS):
    did: Counter[str] = Counter()
    for seed in seeds:
        walk = Walk(seed)
        for number in range(steps):
            walk.step()
            assert list(broken(walk.story, LAWS)) == [], (seed, number)
            walk.numbers_name_one()
        walk.story.visit()
        assert list(broken(walk.story, LAWS)) == [], seed
        did += walk.did
    return did


@pytest.mark.parametrize("part", range(3))
def test_whatever_people_say_of_customers_every_claim_stands_once(part):
    did = walked(range(part * 12, part * 12 + 12))
    assert min(did[name] for name in ("file", "merge", "undo", "split", "apart", "withdraw")) > 5, did
