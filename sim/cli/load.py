"""``rel4 load``: bring a program onto a board and start it."""

from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from typer import Argument, Option

from sim.board.loader import Loader, TargetInfo, program_for
from sim.board.serial_line import LineError, SerialLine
from sim.cli import app, refuse
from sim.program import BadImage

BAUD = 115_200

Port = Annotated[str, Argument(metavar="PORT", help="serial port, such as /dev/ttyUSB0")]
Image = Annotated[Path, Argument(metavar="IMAGE.elf", help="program to run")]
Baud = Annotated[int, Option(metavar="N", help="bits per second")]


@app.command()
def load(port: Port, image: Image, baud: Baud = BAUD) -> None:
    """bring a program onto a board and start it

    Exit status: 0 it was started, 2 it was not.
    """
    try:
        line = SerialLine(port, baud)
        load_and_start(line, image)
        line.close()
    except BadImage as error:
        refuse("load", f"{image}: {error}")
    except LineError as error:
        refuse("load", error)


def load_and_start(line: SerialLine, image: Path) -> tuple[TargetInfo, bytes]:
    """Loads and starts the program, with a progress bar on standard error.

    Returns the loader's description of itself, and what came behind its last answer. Raises
    ``BadImage`` or ``LineError``.
    """
    loader = Loader(line)
    info = loader.hello()
    program = program_for(info, image)
    columns = (TextColumn("loading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("load")
        loader.load(program, info, lambda done, total: bar.update(
            task, completed=done, total=total))
    if loader.damaged:
        console.print(f"rel4: {loader.damaged} requests were repeated: the line is not sound")
    loader.run()
    return info, loader.behind
