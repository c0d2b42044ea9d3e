"""How a source signs what it posts."""

from typing import Annotated

from pydantic import Field

from dealreg.vocabulary.values import Key, Model


class Webhook(Model):
    """The signature scheme of one source, and where its secrets are."""

    scheme: Key
    secret: Key
    """The name of the environment variable that holds the secret; never the secret itself."""
    window_seconds: Annotated[int, Field(gt=0, le=86_400)] = 300
    """How far a signed instant may lie from ours."""
