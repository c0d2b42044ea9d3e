"""What a script that runs `dealreg` may rely on: four codes, and a fifth that means it is our fault.

0   done
1   the answer is no: a refusal, a check that failed, something that does not exist
2   called wrongly: an unknown option, a file that cannot be read, a document that is malformed
3   the world is not reachable: the database, the broker, a server of ours, a port
70  a bug: nobody thought of this; the traceback is on standard error
"""

from typing import NamedTuple

DONE, NO, CALLED_WRONGLY, UNREACHABLE, BUG = 0, 1, 2, 3, 70


class Answer(NamedTuple):
    """How a verb that could not go on ends: its exit code, why in words, and the clause if one says so."""

    code: int
    reason: str
    clause: str | None = None


def answer_to(error: BaseException) -> Answer | None:
    """What to say of an error that reached the top; nothing when it is a bug."""
    if isinstance(error, BaseExceptionGroup):
        answers = [answer_to(one) for one in error.exceptions]
        known = [answer for answer in answers if answer is not None]
        return max(known, key=lambda answer: answer.code) if len(known) == len(answers) else None
    return _its_own(error) or _refused(error) or _called_wrongly(error) or _unreachable(error)


def _its_own(error: BaseException) -> Answer | None:
    """An error whose class names its `exit_code` says the rest itself."""
    code = getattr(error, "exit_code", None)
    return Answer(code, str(error)) if isinstance(code, int) else None


def _refused(error: BaseException) -> Answer | None:
    from dealreg.vocabulary.refused import Refused

    return Answer(NO, error.reason, error.clause) if isinstance(error, Refused) else None


def _called_wrongly(error: BaseException) -> Answer | None:
    from pydantic import ValidationError
    from yaml import YAMLError

    if isinstance(error, ValidationError):
        # The values are left out: they may be personal, and the caller has them.
        faults = [f"  {'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}" for fault in error.errors()]
        return Answer(CALLED_WRONGLY, "\n".join([f"{error.title} is malformed:", *faults]))
    if isinstance(error, YAMLError):
        return Answer(CALLED_WRONGLY, f"not YAML: {error}")
    if (
        isinstance(error, (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError))
        and error.filename
    ):
        return Answer(CALLED_WRONGLY, f"{error.filename}: {error.strerror}")
    return None


def _unreachable(error: BaseException) -> Answer | None:
    import httpx
    import nats.errors
    import psycopg

    if isinstance(error, psycopg.OperationalError):
        return Answer(UNREACHABLE, f"PostgreSQL does not answer; see DATABASE_URL: {error}")
    if isinstance(error, nats.errors.Error):
        return Answer(UNREACHABLE, f"NATS does not answer; see INTAKE_URL: {error}")
    if isinstance(error, (httpx.TransportError, ConnectionError, TimeoutError)):
        return Answer(UNREACHABLE, f"no answer: {str(error) or type(error).__name__}")
    return None
