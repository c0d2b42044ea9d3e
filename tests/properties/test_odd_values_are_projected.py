"""Whatever a CRM writes into a field of its own, and of whatever type the field is said to be: no projection stops, and no row tells another value."""

from datetime import date
from decimal import Decimal
from itertools import count, pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealreg.mirror.events import CustomFieldLearned, CustomFieldTypeDeclared
from dealreg.opportunity.events import OpportunityChanged
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.projecting.connecting import connect
from dealreg.service.projecting.projector import Projector
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.field_types import Entity, FieldType, parsed
from dealreg.vocabulary.ids import crm_schema_id, opportunity_id
from dealreg.vocabulary.values import CustomField
from tests.fix_histories import PROGRAM, START, History, another_database

MODELS = ("my_deals", "protected_customers")
NUMBERS = count(1)
CAST = {FieldType.WHOLE, FieldType.NUMBER, FieldType.TRUTH}
"""The types that JSON has; a day and an instant stay as they were written."""

ODD = ["", " 12", "12\n", "-0", "+7", "007", "3.0", "1.", ".5", "1e5", "NaN", "Infinity", "-Infinity", "1_000", "٣", "１２", "9" * 18, "9" * 19, "9" * 40,
       "9" * 41, "0." + "9" * 40, "-" + "9" * 40, "0x1F", "true", "TRUE", "tRuE", "t", "yes", "on", "1", "0", "falſe", "null", "{}", "\\", "'", "--", "%s",
       "2026-02-30", "9999-12-31", "/Date(0)/", "infinity", "epoch", "now"]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12),
    st.from_regex(r"[+-]?[0-9]{1,45}(\.[0-9]{0,45})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
)


@pytest.fixture(scope="module")
def url(servers, _template):
    with another_database(servers, _template) as made:
        yield made


@given(texts=st.lists(TEXTS, min_size=20, max_size=60), types=st.permutations(list(FieldType)))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_tells_what_was_written_or_its_value(url, texts, types):
    said, source = [*ODD, *texts], f"crm-{next(NUMBERS)}"
    history, schema, stream = History(), crm_schema_id(PROGRAM, source, "opportunity"), opportunity_id(source, "006")
    of: dict[str, Any] = {"source": source, "entity": Entity.OPPORTUNITY, "desk": UUID(int=1)}
    by: dict[str, Any] = {"record": "006", "message": "0" * 64, "personal": False, "shown_to": ("dealer",)}
    for number, _ in enumerate(said):
        history.add(schema, CustomFieldLearned(**of, **by, name=f"F{number}", type=types[0]), START)
    custom = tuple(CustomField(name=f"F{number}", value=text) for number, text in enumerate(said))
    changed = OpportunityChanged(
        opportunity=stream, source=source, record="006", message="0" * 64, order="1", change=Change.CREATED, changed_at=START, custom=custom
    )  # fmt: skip
    history.add(stream, changed, START)
    for before, after in pairwise(types):
        for number, _ in enumerate(said):
            told = CustomFieldTypeDeclared(
                **of, name=f"F{number}", type=after, by_mapping=False, before=before, effective=after
            )
            history.add(schema, told, START)
    with Ledger(url) as ledger:
        history.save(ledger)
    Projector(url, models=MODELS, strict=True).catch_up()
    with connect(url) as connection:
        for model in MODELS:
            (row,) = connection.execute(
                f"SELECT fields FROM {model}_g1.opportunities WHERE source = %s", [source]
            ).fetchall()
            for number, text in enumerate(said):
                _is_told(types[-1], text, row[0][f"F{number}"])


def _is_told(kind, text, told):
    value = parsed(kind, text)
    if isinstance(told, str):
        assert told == text
        plain = text == text.strip() and text.strip("+-0123456789.") == "" and len(text) <= 18
        assert kind not in CAST or value is None or not (plain or kind is FieldType.TRUTH) or text != text.strip()
    else:
        assert kind in CAST
        assert value is not None
        assert not isinstance(value, date)
        assert isinstance(told, bool) == (kind is FieldType.TRUTH)
        assert told == value or Decimal(repr(told)) == value or float(value) == told
