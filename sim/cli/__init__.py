"""``rel4``: the command line. One module per verb; the work is done elsewhere."""

from typing import NoReturn

import typer

app = typer.Typer(
    name="rel4",
    help="Simulate, measure and export the SoC.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def refuse(verb: str, problem: object) -> NoReturn:
    """One line on standard error, exit status 2."""
    typer.echo(f"rel4 {verb}: {' '.join(str(problem).split())}", err=True)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of ``rel4`` and ``python -m sim``."""
    from sim.cli import bench, conformance, gen, sim, verilog  # noqa: F401  # each a verb

    app()
