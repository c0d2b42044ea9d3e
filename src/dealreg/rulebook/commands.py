"""What the deal desk may ask of the rulebook."""

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.vocabulary.fact import Command


class PublishRulebook(Command):
    """Publish a version; it takes force at its ``force_from``, or at once where that has passed."""

    document: RulebookDocument
