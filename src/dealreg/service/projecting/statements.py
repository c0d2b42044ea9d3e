"""SQL as it lies in a file → SQL as it is sent, and all that can be known of it without a server (style section 4).

``%(name)s`` becomes ``$1``, ``$2``, …: every value goes as text of no type, so that the column gives the type.
"""

import re
from dataclasses import dataclass

from dealreg.service.projecting.errors import BadReadModel

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r"|%\((?P<name>\w+)\)s"
    r"|(?P<percent>%%)"
    r"|(?P<stray>%)"
    r"|(?P<semicolon>;)"
    r"|(?P<text>[^'\"$%;/-]+|.)",
    re.DOTALL,
)

_UNSTEADY = re.compile(
    r"\b(?:now|random|random_normal|nextval|setval|currval|lastval|clock_timestamp|statement_timestamp|transaction_timestamp"
    r"|timeofday|gen_random_uuid|uuidv4|uuidv7|pg_sleep|txid_current|pg_current_xact_id|current_setting|set_config)\s*\("
    r"|\b(?:current_timestamp|current_date|current_time|localtimestamp|localtime|current_user|session_user|tablesample)\b",
    re.IGNORECASE,
)

_TODAY = re.compile(r"'\s*(?:now|today|tomorrow|yesterday)\b", re.IGNORECASE)
"""Words that PostgreSQL reads as an instant."""

_ELSEWHERE = re.compile(r"\b(?:from|join|into|update|table|using)\s+(?:only\s+)?[a-z_]\w*\s*\.\s*[a-z_]", re.IGNORECASE)

MAY_TOUCH_NOTHING = re.compile(r"^--\s*may touch no row:\s*\S+", re.IGNORECASE | re.MULTILINE)
"""How the file of a fact says that its statement may find nothing to change, and why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its file below ``projections/``, its text with numbered parameters, and which names they are, in order."""

    file: str
    text: str
    names: tuple[str, ...]
    may_touch_nothing: bool = False


def parse(file: str, source: str) -> Statement:
    """The statement of a file. Raises ``BadReadModel`` when it is not exactly one, or holds what psycopg would misread."""
    names: list[str] = []
    sent: list[str] = []
    ended = False
    for token in _TOKEN.finditer(source):
        if token["comment"] is not None:
            sent.append(" ")
            continue
        if ended and token[0].strip():
            raise BadReadModel(file, "holds more than one statement; give each a file, or join them with WITH")
        if token["stray"]:
            raise BadReadModel(file, "holds a single %; write %% for the sign, %(name)s for a value")
        if token["name"]:
            if token["name"] not in names:
                names.append(token["name"])
            sent.append(f"${names.index(token['name']) + 1}")
        elif token["semicolon"]:
            ended = True
        else:
            sent.append("%" if token["percent"] else token[0].replace("%%", "%") if token["quoted"] else token[0])
    text = "".join(sent).strip()
    if not text:
        raise BadReadModel(file, "is empty; write the statement, or remove the file if the fact changes nothing")
    return Statement(file, text, tuple(names), MAY_TOUCH_NOTHING.search(source) is not None)


def require_steady(statement: Statement) -> None:
    """The same facts give the same rows, today and in a rebuild. Raises ``BadReadModel``."""
    code = _code(statement.text)
    if found := _UNSTEADY.search(code) or _TODAY.search(statement.text):
        raise BadReadModel(
            statement.file,
            f"asks for {found[0].rstrip('( ')!r}, which a rebuild answers otherwise; use _recorded_at or _effective_at",
        )
    if found := _ELSEWHERE.search(code):
        raise BadReadModel(
            statement.file,
            f"looks outside of its own folder ({found[0]!r}); let this folder keep what it needs in a table",
        )


def _code(text: str) -> str:
    """The text without what stands in quotes."""
    return re.sub(r"'(?:[^']|'')*'", "''", text)
