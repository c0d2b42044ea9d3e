"""Whether the sealer lives: the figures, the sentence for people, and the alerts that are shipped."""

from pathlib import Path

import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.fix_web import claim

ALERTS = yaml.safe_load((Path(__file__).parents[2] / "docs" / "alerts.yaml").read_text())
RULES = {rule["alert"]: rule for group in ALERTS["groups"] for rule in group["rules"]}
COMPARED = {"==": lambda a, b: a == b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b}


def figures(world):
    """What Prometheus would read now."""
    text = world.client.get("/metrics").text
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }


def holds(expression, known):
    """Whether an alert's expression has a value: the part of PromQL that the shipped alerts are written in, over figures without labels."""
    match expression:
        case promql.ParenExpr():
            return holds(expression.expr, known)
        case promql.BinaryExpr() if str(expression.op) == "and":
            return holds(expression.lhs, known) and holds(expression.rhs, known)
        case promql.BinaryExpr():
            assert isinstance(expression.lhs, promql.VectorSelector)
            assert isinstance(expression.rhs, promql.NumberLiteral)
            assert not expression.lhs.matchers.matchers
            value = known.get(expression.lhs.name)
            return value is not None and COMPARED[str(expression.op)](value, expression.rhs.val)
        case _:
            pytest.fail(f"{expression} is more than this test reads")


def firing(world):
    known = figures(world)
    return {name for name, rule in RULES.items() if holds(promql.parse(rule["expr"]), known)}


def worries(world):
    return world.client.get("/health/ready").json()["worries"].get("seal")


def test_requirement_21_every_shipped_alert_reads_a_figure_that_there_is(seeded, sealer, superuser):
    sealer.seal_all()
    superuser.run(
        "INSERT INTO seal.tokens VALUES (%s, %s, 'a', '', now())", parameters=[sealer.own.origin, sealer.own.size]
    )
    known = figures(seeded)
    for rule in RULES.values():
        assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
        assert {"summary", "action"} == rule["annotations"].keys()
        names: set[str] = set()

        def visit(expression, names=names):
            if isinstance(expression, promql.VectorSelector):
                names.add(expression.name)
            for side in ("lhs", "rhs", "expr"):
                if hasattr(expression, side):
                    visit(getattr(expression, side))

        visit(promql.parse(rule["expr"]))
        assert names <= known.keys(), rule["alert"]
    assert firing(seeded) == set()


def test_requirement_21_a_sealer_that_stops_is_seen_and_its_alerts_fire(seeded, sealer, superuser):
    sealer.seal_all()
    assert (worries(seeded), firing(seeded)) == (None, set())
    sealer.close()
    done = seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    assert done.status_code == 201, "a sealer that is away never stops a submission"
    known = figures(seeded)
    assert known["dealreg_seal_unsealed_facts"] > 0
    superuser.run(
        "UPDATE seal.standing SET beat_at = beat_at - interval '31 seconds'",
        "UPDATE ledger.events SET recorded_at = recorded_at - interval '61 seconds'",
    )
    assert firing(seeded) == {"DealregSealerSilent", "DealregFactsUnsealed"}
    assert "was last heard of 3" in worries(seeded)
    assert "facts are not sealed" in worries(seeded)


def test_requirement_21_a_sealer_that_is_back_ends_the_alarm(seeded, sealer, superuser):
    sealer.seal_all()
    superuser.run("UPDATE seal.standing SET beat_at = beat_at - interval '31 seconds'")
    assert firing(seeded) == {"DealregSealerSilent"}
    sealer.beat()
    assert firing(seeded) == set()


def test_requirement_21_an_old_time_stamp_fires(seeded, sealer, superuser):
    sealer.seal_all()
    superuser.run(
        "INSERT INTO seal.tokens VALUES (%s, %s, 'a', '', now() - interval '3 hours')",
        parameters=[sealer.own.origin, sealer.own.size],
    )
    assert firing(seeded) == {"DealregStampOld"}


def test_requirement_21_a_sealer_that_halted_is_seen(seeded, sealer, superuser):
    sealer.seal_all()
    sealer.halt("the fact at position 3 is not what was sealed")
    sealer.beat()  # Whoever beats after that does not take it back.
    assert firing(seeded) == {"DealregSealerHalted"}
    assert "halted: the fact at position 3" in worries(seeded)


def test_requirement_21_where_no_sealer_ever_was_the_facts_themselves_fire(seeded, superuser):
    assert "no sealer was ever there" in worries(seeded)
    assert figures(seeded)["dealreg_seal_unsealed_facts"] == seeded.house.ledger.head()
    superuser.run("UPDATE ledger.events SET recorded_at = recorded_at - interval '61 seconds'")
    assert firing(seeded) == {"DealregFactsUnsealed"}


def test_a_sealer_that_is_alive_and_behind_is_a_worry(seeded, sealer, superuser):
    sealer.seal_all()
    seeded["alpha"].post("/registrations", claim("ALPHA", "NORTH"))
    assert worries(seeded) is None
    superuser.run("UPDATE ledger.events SET recorded_at = recorded_at - interval '31 seconds'")
    assert "the sealer is behind" in worries(seeded)
