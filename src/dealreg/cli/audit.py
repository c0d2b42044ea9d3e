"""`dealreg audit`: seal, prove, verify, export, hold and erase; finds the verbs in `cli/auditing/`."""

import importlib
import pkgutil

import typer

from dealreg.cli import auditing


def register(app: typer.Typer) -> None:
    """Add every verb of every module in `cli/auditing/`, in the order of the modules' names."""
    audit = typer.Typer(no_args_is_help=True, help="The trail: verify it, export evidence of it, hold and erase.")
    for module in sorted(found.name for found in pkgutil.iter_modules(auditing.__path__)):
        importlib.import_module(f"{auditing.__name__}.{module}").register(audit)
    app.add_typer(audit, name="audit")
