"""`python -m dealreg` and the `dealreg` script: the command line."""

import sys

from dealreg.cli import app


def main() -> None:
    """Run the verb asked for and leave with its exit code."""
    sys.exit(app.main())


if __name__ == "__main__":
    main()
