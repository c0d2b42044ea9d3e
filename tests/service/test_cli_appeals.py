"""Splits, referrals and appeals on the command line (rules.md section 3, ROE-29)."""

from dealreg.service.projecting.projector import Projector
from tests.fix_web import claim
from tests.service.test_cli_asking import Line, line, program

__all__ = ["line", "program"]

QUOTE = {"kind": "quote", "dated_on": "2026-10-01", "digest": "0" * 64}


def _projected(program: Line) -> None:
    Projector(program.environment["DATABASE_URL"]).catch_up()


def test_a_line_is_referred_and_split_on_the_command_line(program: Line):
    first = program("file", program.write("one.json", claim("ALPHA", None)), "--as", "dealer:ALPHA")["registration"]
    rival = {**claim("GAMMA", None), "evidence": [QUOTE]}
    second = program("file", program.write("two.json", rival), "--as", "dealer:GAMMA")["registration"]
    _projected(program)
    (conflict,) = program("conflicts", "list", "--state", "open")
    rule = ("conflicts", "rule", conflict["conflict"], "--reason", "A plant each.", "--subject")
    referred = program(*rule, "u-1", "--ruling", "refer", "--refer-to", "u-2")
    assert (referred["state"], referred["ruling"]) == ("detected", None)
    parts = ("--part", f"{first}=DE:Kiel", "--part", f"{second}=DE:Ulm, Husum")
    assert program(*rule, "u-3", "--ruling", "split_lines", *parts, code=1)["answer"] == "no"
    program(*rule, "u-2", "--ruling", "split_lines", "--part", "nowhere", code=2, as_json=False)
    assert program(*rule, "u-2", "--ruling", "split_lines", *parts)["state"] == "ruled"
    _projected(program)
    sites = {deal["registration"]: (deal["state"], deal["sites"]) for deal in program("deals")}
    assert sites == {first: ("protected", ["Kiel"]), second: ("protected", ["Ulm", "Husum"])}


def test_a_decline_is_appealed_and_listed_on_the_command_line(program: Line):
    body = {**claim("ALPHA", None), "value": {"amount": "10.00", "currency": "EUR"}}
    filed = program("file", program.write("one.json", body), "--as", "dealer:ALPHA")
    assert filed["state"] == "declined"
    said = program.write("appeal.json", {"registration": filed["registration"], "line": "storage", "reason": "A slip."})
    program("ask", "AppealDecision", said, "--as", "dealer:ALPHA")
    _projected(program)
    (waits,) = program("conflicts", "appeals", "--state", "open")
    assert (waits["registration"], waits["against"], waits["decided_by"]) == (
        filed["registration"],
        "decline",
        "rulebook",
    )
    assert program("conflicts", "appeals", "--as", "channel_manager:APAC") == []
    fields = {"registration": filed["registration"], "line": "storage", "reverse": False, "reason": "No slip."}
    judge = ("--as", "deal_desk", "--subject", "judge")
    program("ask", "RuleOnAppeal", program.write("judged.json", fields), *judge)
    _projected(program)
    assert [row["state"] for row in program("conflicts", "appeals")] == ["upheld"]
