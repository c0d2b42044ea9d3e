"""Where a source's own interface is."""

from dealreg.vocabulary.values import Key, Model


class Api(Model):
    """The interface of one source."""

    url: Key
    token: Key | None = None
    """The name of the environment variable that holds the bearer token; never the token itself."""
