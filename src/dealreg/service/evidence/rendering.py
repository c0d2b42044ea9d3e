"""The page for people, as HTML and as PDF (PDF/A-2a, PDF/UA-1): the same words twice, made without a network and the same every time."""

import json
import unicodedata
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jinja2
import typst

_PLAIN = 0x250
"""Below it are Latin letters, which every font has."""


def html(page: dict[str, Any]) -> str:
    """One file, no script, nothing from elsewhere."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_template("page.html.j2")).render(page)


def pdf(page: dict[str, Any]) -> bytes:
    """PDF/A with its fonts in it. Characters that no font of this machine has are written by their number."""
    template = _template("page.typ").encode()
    lacking = _scripts_without_a_font(page)
    told = {**_replaced(page, lacking), "replaced": ", ".join(sorted(lacking)).lower()}
    at = datetime.fromisoformat(dict(page["made"])["as of"]).astimezone(UTC).replace(microsecond=0)
    return typst.compile(
        template, format="pdf", sys_inputs={"page": json.dumps(told)}, pdf_standards=["a-2a", "ua-1"], timestamp=at
    )


def _scripts_without_a_font(page: dict[str, Any]) -> frozenset[str]:
    """The scripts of which a character cannot be displayed: each is tried by one character, which decides for all of it."""
    used = {_script(one): one for one in sorted(set(json.dumps(page, ensure_ascii=False))) if ord(one) >= _PLAIN}
    return frozenset(script for script, one in used.items() if not _displayed(one))


def _displayed(character: str) -> bool:
    try:
        typst.compile(
            f"#set document(title: [x])\n#{json.dumps(character, ensure_ascii=False)}".encode(),
            format="pdf",
            pdf_standards=["a-2a"],
        )
    except typst.TypstError:
        return False
    return True


def _script(character: str) -> str:
    """The first word of its name: ``CJK``, ``HIRAGANA``, ``CYRILLIC``; signs of no script stand for themselves."""
    name = unicodedata.name(character, "")
    return name.split(" ")[0] if unicodedata.category(character).startswith("L") and name else f"U+{ord(character):04X}"


def _replaced(value: Any, lacking: frozenset[str]) -> Any:
    match value:
        case str():
            return "".join(f"[U+{ord(one):04X}]" if _lacks(one, lacking) else one for one in value)
        case dict():
            return {key: _replaced(one, lacking) for key, one in value.items()}
        case list() | tuple():
            return [_replaced(one, lacking) for one in value]
        case _:
            return value


def _lacks(character: str, lacking: frozenset[str]) -> bool:
    control = unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} and character != "\n"
    return control or (ord(character) >= _PLAIN and _script(character) in lacking)


def _template(name: str) -> str:
    return (resources.files("dealreg.service.evidence") / name).read_text(encoding="utf-8")
