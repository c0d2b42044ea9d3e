"""A consumer as a process of its own, with the core that only folds: `python -m tests.consumer_process PREFIX [PORT] [lenient]`."""

import sys

from dealreg.service.intake.assembling import consume
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.logs import configure_logging
from dealreg.service.settings import Role, Settings
from dealreg.vocabulary.refused import Closed
from tests.fix_intake import fold_only, folding


def strict(request, situation):
    if request.command.message.record == "refused":
        raise Closed("not by this consumer")
    return fold_only(request, situation)


def main():
    prefix, port, lenient = [*sys.argv[1:], "0", ""][:3]
    settings = Settings()
    configure_logging(settings)
    with Ledger(settings.database_url(Role.APP)) as ledger:
        dispatch = folding(ledger, fold_only if lenient else strict)
        consume(settings, dispatch, prefix=prefix, metrics_port=int(port) or None)


if __name__ == "__main__":
    try:
        main()
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
