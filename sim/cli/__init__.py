"""``rel4``: the command line. One module per verb; other packages do the work."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import typer

VERBS = ("sim", "emu", "image", "account", "bench", "gen", "verilog", "conformance", "synth",
         "equivalence", "build", "program", "load", "run", "figures")

app = typer.Typer(
    name="rel4",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def refuse(verb: str, problem: object) -> NoReturn:
    """One line on standard error, exit status 2."""
    if isinstance(problem, OSError) and problem.filename:
        problem = f"{problem.filename}: {problem.strerror}"
    typer.echo(f"rel4 {verb}: {' '.join(str(problem).split())}", err=True)
    raise typer.Exit(2)


@app.callback()
def verbs() -> None:
    """Simulate, measure and export the SoC."""


def load_verbs(names: Sequence[str] = VERBS) -> None:
    """Imports the modules of the verbs. Each module adds its verb to ``app``."""
    for name in names:
        import_module(f"sim.cli.{name}")


def main() -> None:
    """Entry point of ``rel4`` and ``python -m sim``; imports only the module of the verb that was
    asked for."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    load_verbs([verb] if verb in VERBS else VERBS)
    app()
