"""``rel4``: the command line. One module per verb; other packages do the work."""

import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from sim.output import STDOUT_NAME

# Errors without the name of a file are those of standard output.
WRITING = (errno.ENOSPC, errno.EIO, errno.EBADF, errno.EPIPE, errno.EFBIG)
VERBS = ("sim", "emu", "image", "account", "bench", "gen", "verilog", "conformance", "synth",
         "equivalence", "build", "program", "load", "run", "figures")

app = typer.Typer(
    name="rel4",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def refuse(verb: str, problem: object) -> NoReturn:
    """One line on standard error, exit status 2."""
    if isinstance(problem, OSError) and (problem.filename or problem.errno in WRITING):
        problem = f"{problem.filename or STDOUT_NAME}: {problem.strerror}"
    typer.echo(f"rel4 {verb}: {' '.join(str(problem).split())}", err=True)
    raise typer.Exit(2)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rel4 {version('rel4-soc')}")
        raise typer.Exit


@app.callback()
def verbs(
    show_version: Annotated[bool, typer.Option(
        "--version", callback=_version, is_eager=True, help="print the version and exit")] = False,
) -> None:
    """Simulate, measure and export the SoC."""


def load_verbs(names: Sequence[str] = VERBS) -> None:
    """Imports the modules of the verbs. Each module adds its verb to ``app``."""
    for name in names:
        import_module(f"{__name__}.{name}")


def main() -> None:
    """Entry point of ``rel4`` and ``python -m sim``; imports only the module of the verb that was
    asked for, and all of them to complete a command line."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    load_verbs([verb] if verb in VERBS else VERBS)
    status = 0
    try:
        app(prog_name="rel4")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except OSError as error:  # of standard output; verbs answer for their files
        status = _lost(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        status = status or _lost(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes again
    sys.exit(status)


def _lost(error: OSError) -> int:
    """Says which output was lost, unless its reader has gone, and returns the exit status."""
    if error.errno == errno.EPIPE:
        return 128 + signal.SIGPIPE
    print(f"rel4: {error.filename or STDOUT_NAME}: {error.strerror}", file=sys.stderr)
    return 2
