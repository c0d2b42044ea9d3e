"""Who goes with a registration, through the doors: another distributor, hidden, shown, released (ROE-1, 16, 17, 32)."""

import pytest

from tests.fix_web import claim
from tests.service.test_cli_asking import Line, line, program  # noqa: F401 - fixtures of the command line


@pytest.fixture
def held(world):
    """A registration of ALPHA through NORTH that is protected."""
    return world["alpha"].post("/registrations", claim("ALPHA", "NORTH")).json()["registration"]


def _legs(world, who, registration):
    done = world[who].get(f"/registrations/{registration}")
    if done.status_code == 404:
        return None
    return {(row["tier"], row["partner"]): (row["state"], row["clause"]) for row in done.json()["legs"]}


def test_a_dealer_changes_its_distributor_and_each_reads_its_own_side(world, held):
    done = world["alpha"].post(f"/registrations/{held}/distributor", {"distributor": "SOUTH"})
    assert (done.status_code, done.json()["state"]) == (200, "protected"), done.text
    protected = ("protected", None)
    assert _legs(world, "south", held) == {("distributor", "SOUTH"): protected, ("dealer", "ALPHA"): protected}
    assert _legs(world, "north", held) == {("distributor", "NORTH"): ("released", "ROE-17")}
    assert _legs(world, "master", held) == {("distributor", "NORTH"): ("released", "ROE-17")}
    again = world["alpha"].post(f"/registrations/{held}/distributor", {"distributor": "NORTH"})
    assert (again.status_code, again.json()["clause"]) == (422, "ROE-17")
    assert "withdraw your leg" in again.json()["detail"]


def test_a_distributor_does_not_name_itself_for_a_dealer(world, held):
    done = world["master"].post(f"/registrations/{held}/distributor", {"partner": "ALPHA", "distributor": "MASTER"})
    assert (done.status_code, "only the dealer itself" in done.json()["detail"]) == (403, True)


def test_what_a_dealer_hides_is_not_there_for_its_distributor(world):
    filed = world["alpha"].post("/registrations", claim("ALPHA", "NORTH", hidden=True)).json()["registration"]
    assert _legs(world, "alpha", filed) is not None
    assert (_legs(world, "north", filed), _legs(world, "master", filed)) == (None, None)
    none = world["north"].post("/registrations/00000000-0000-0000-0000-000000000001/progress", {"stage": "qualified"})
    told = world["north"].post(f"/registrations/{filed}/progress", {"stage": "qualified"})
    assert (told.status_code, told.json()["detail"]) == (404, none.json()["detail"])
    asked = world["north"].post("/registrations", claim(None, "NORTH"))
    assert asked.json()["state"] == "waiting"
    (row, *_) = world["alpha"].get(f"/registrations/{filed}").json()["legs"]
    assert "show it" in row["asked"]
    shown = world["alpha"].post(f"/registrations/{filed}/hiding", {"hidden": False})
    assert shown.status_code == 200, shown.text
    assert _legs(world, "north", filed) == _legs(world, "alpha", filed)
    linked = _legs(world, "north", asked.json()["registration"])
    assert linked == {("distributor", "NORTH"): ("declined", "ROE-28")}


def test_a_manager_reads_what_is_hidden_from_a_distributor(world):
    filed = world["alpha"].post("/registrations", claim("ALPHA", "NORTH", hidden=True)).json()["registration"]
    assert _legs(world, "emea", filed) is not None


def test_a_partner_that_is_suspended_reads_why_and_the_desk_takes_it_back(world, held):
    said = world["desk"].post("/partners/NORTH/standing", {"standing": "suspended"})
    assert said.status_code == 200, said.text
    world["alpha"].post(f"/registrations/{held}/progress", {"stage": "qualified"})
    for who in ("alpha", "north"):
        assert _legs(world, who, held) == {
            ("distributor", "NORTH"): ("suspended", "ROE-16"),
            ("dealer", "ALPHA"): ("protected", None),
        }
    world["desk"].post("/partners/NORTH/standing", {"standing": "good"})
    world["alpha"].post(f"/registrations/{held}/progress", {"stage": "proposal"})
    assert _legs(world, "north", held)["distributor", "NORTH"] == ("protected", None)


def test_the_desk_releases_with_a_clause_and_what_it_read(world, held):
    body = {"clause": "ROE-1", "reason": "It quotes the same job for a rival brand."}
    assert world["desk"].post(f"/registrations/{held}/release", body).status_code == 428
    assert world["desk"].decide(f"/registrations/{held}", "release", body).status_code == 200
    assert set(_legs(world, "alpha", held).values()) == {("released", "ROE-1")}


def test_a_circle_in_the_hierarchy_is_refused_with_its_partners(world):
    done = world["desk"].post("/partners/MASTER/parents", {"parents": ["NORTH"]})
    assert (done.status_code, "MASTER → NORTH → MASTER" in done.json()["detail"]) == (422, True)


def test_the_command_line_asks_the_same(program: Line):  # noqa: F811 - the fixture by its name
    as_alpha = ("--as", "dealer:ALPHA")
    filed = program("file", program.write("r.json", claim("ALPHA", "NORTH", hidden=True)), *as_alpha)["registration"]
    named = ("--set", f"registration={filed}")
    assert program("ask", "HideRegistration", *named, "--set", "hidden=false", *as_alpha)["state"] == "protected"
    changed = program("ask", "ChangeDistributor", *named, "--set", "distributor=SOUTH", *as_alpha)
    assert changed["state"] == "protected"
    program("ask", "ChangeDistributor", *named, "--set", "distributor=NORTH", *as_alpha, code=1)
    released = program("ask", "ReleaseRegistration", *named, "--set", "reason=A rival brand.", "--subject", "dana")
    assert released["state"] == "released"
