"""Who is one customer, on the command line: listed, side by side, rejected, merged, undone, split (ROE-24)."""

from dealreg.service.projecting.projector import Projector
from tests.fix_web import claim
from tests.service.test_cli_asking import Line, line, program

__all__ = ["line", "program"]


def _filed(program: Line, file: str, name: str, domain: str, dealer: str) -> str:
    body = claim(dealer, None, domain=domain)
    body["customer"]["name"] = name
    return program("file", program.write(file, body), "--as", f"dealer:{dealer}")["registration"]


def _projected(program: Line) -> None:
    Projector(program.environment["DATABASE_URL"]).catch_up()


def test_the_desk_tells_who_customers_are_on_the_command_line(program: Line):
    first = _filed(program, "one.json", "Acme GmbH", "acme.de", "ALPHA")
    second = _filed(program, "two.json", "Acme AG", "acme-europe.de", "GAMMA")
    _projected(program)
    (question,) = program("identity", "list")
    pair = (question["one"], question["other"])
    told = program("identity", "show", *pair)
    assert {row["registration"] for side in ("one", "other") for row in told[f"{side}_claims"]} == {first, second}
    assert told["method"]
    shown = program("identity", "show", *pair, as_json=False)
    assert all(word in shown for word in ("Acme AG", "acme-europe.de", "speaks", "waiting hours"))
    assert program("identity", "show", pair[0], pair[0], code=1)["answer"] == "no"
    said = ("--reason", "Two firms.", "--subject", "u-desk")
    program("identity", "reject", *pair, *said)
    _projected(program)
    assert program("identity", "list") == []
    (kept,) = program("identity", "list", "--customer", pair[0])
    assert (kept["state"], kept["told_by"]) == ("apart", "u-desk")
    program("identity", "confirm", *pair, "--reason", "One after all.")
    assert program("identity", "merge", *pair, "--reason", "Again.", code=1)["answer"] == "no"
    assert program("identity", "undo", pair[1], "--reason", "No.")["customer"] == pair[1]
    assert program("identity", "parent", pair[0], pair[1])["customer"] == pair[0]
    assert program("identity", "parent", pair[1], pair[0], code=1)["clause"] == "ROE-24"
    _projected(program)
    (deal,) = [row for row in program("deals") if row["registration"] == second]
    goes = (
        "--identifier",
        "domain=acme-europe.de",
        "--registration",
        second,
        "--name",
        "Acme Europe",
        "--country",
        "DE",
    )
    program("identity", "split", deal["customer"], "--identifier", "acme", "--reason", "x", code=2, as_json=False)
    other = program("identity", "split", deal["customer"], *goes, "--reason", "Two companies.")["customer"]
    assert other not in pair
    _projected(program)
    assert [row["customer"] for row in program("deals") if row["registration"] == second] == [other]
