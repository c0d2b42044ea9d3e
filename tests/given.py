"""`given(...).when(...).then(...)`: one decision of the core in the world of the scenarios, for tests that need no file.

given("2026-03-02 09:00 FileRegistration", filed_by="bauer", customer="acme", lines={...}, name="R1")
    .when("2026-03-03 09:00 FileRegistration", ..., name="R2")
    .then("ClaimQueued", R2_drives="queued")
"""

from dealreg.service.scenario import reading
from dealreg.service.scenario.form import NOTHING, Case
from dealreg.service.scenario.running import run

WORLD = reading.text_of(reading.folder() / reading.WORLD)


def step(when_and_what, *, name=None, by=None, then=None, **fields):
    """A step as a case writes it: `"2026-03-02 09:00 FileRegistration"` with the command's fields."""
    at, command = when_and_what.rsplit(" ", 1) if NOTHING not in when_and_what else when_and_what.split(f" {NOTHING}")
    said = {"at": at, command or NOTHING: fields or ""}
    extra = {"as": name, "by": by, "then": then}
    return said | {key: value for key, value in extra.items() if value is not None}


def filing(partner, distributor="nordwind", *, customer="acme", line="drives", territory="DE", **more):
    """The fields of a dealer's filing through a distributor."""
    legs = {"in": territory, "distributor": distributor, "dealer": partner}
    return {"filed_by": partner, "customer": customer, "lines": {line: legs}, **more}


class Given:
    """Steps that were taken before."""

    def __init__(self, *steps, rulebook=None):
        self._steps, self._rulebook = list(steps), rulebook or {}

    def when(self, one):
        """The step that is asked about."""
        self._steps.append(one)
        return self

    def then(self, *facts, **parts):
        """It was decided: these facts are among those it made, in order; a part is `R1_drives="protected"`."""
        subjects = {key.replace("_", " "): value for key, value in parts.items()}
        self._says({"facts": list(facts), **subjects})

    def then_refused(self, rule=None, kind=None):
        """It could not be decided as asked."""
        self._says({"refused": {key: value for key, value in {"rule": rule, "kind": kind}.items() if value}})

    def then_nothing(self):
        """It was decided and made no fact."""
        self._says("nothing")

    def _says(self, then):
        *given, when = self._steps
        case = Case.model_validate(
            {
                "scenario": "A decision in a test",
                "rule": "ROE-30",
                "side": "both",
                "rulebook": self._rulebook,
                "given": given,
                "when": when,
                "then": then,
            }
        )
        assert run(case, WORLD).faults == []


def given(*steps, rulebook=None):
    """Begin with what was asked before."""
    return Given(*steps, rulebook=rulebook)
