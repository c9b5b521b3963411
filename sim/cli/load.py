"""``rel4 load``: load a program into a board and start it."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from sim.board.loader import Patience
from sim.board.runner import BAUD, load_and_start
from sim.board.serial_line import LineError, SerialLine
from sim.cli import app, refuse
from sim.model.elf import BadImage

Port = Annotated[str, Argument(metavar="PORT", help="serial port, such as /dev/ttyUSB0")]
Image = Annotated[Path, Argument(metavar="IMAGE.elf", help="program to run")]
Baud = Annotated[int, Option(metavar="N", min=1, help="bits per second while it is loaded")]
Wait = Annotated[float, Option(
    "--patience", metavar="S", min=0.001, help="seconds after which a request is sent again")]
PATIENCE = Patience().seconds


@app.command()
def load(port: Port, image: Image, baud: Baud = BAUD, patience: Wait = PATIENCE) -> None:
    """bring a program onto a board and start it

    Exit status: 0 the program was started, 2 it was not.
    """
    try:
        line = SerialLine(port, BAUD)
        load_and_start(line, image, baud, Patience(patience))
        line.close()
    except BadImage as error:
        refuse("load", f"{image}: {error}")
    except LineError as error:
        refuse("load", error)
