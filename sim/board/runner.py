"""A program on a board, from its image to its end."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from sim.board.loader import Loader, Patience, TargetInfo, program_for
from sim.board.serial_line import Line
from sim.board.session import End, converse
from soc.config import SocParams

BAUD = SocParams.uart_baud  # of a board after reset


def load_and_start(line: Line, image: Path, baud: int = BAUD,
                   patience: Patience = Patience()) -> tuple[TargetInfo, bytes]:
    """Loads the program and starts it. Loads at ``baud`` if the line works at that rate.

    Shows a progress bar on standard error. Returns the loader's description of itself and the bytes
    received after its last answer. Raises ``BadImage`` or ``LineError``.
    """
    loader = Loader(line, patience)
    info = loader.hello()
    program = program_for(info, image)
    console = Console(stderr=True)
    if baud != line.baud and not loader.hasten(baud):
        console.print(f"rel4: the line does not work at {baud} baud, going on at {line.baud}")
    columns = (TextColumn("loading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    damaged = loader.damaged
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("load")
        loader.load(program, info, lambda done, total: bar.update(
            task, completed=done, total=total))
    if loader.damaged > damaged:
        console.print(f"rel4: {loader.damaged - damaged} requests were repeated: the line is not "
                      "sound")
    loader.run()
    return info, loader.behind


def run_to_end(line: Line, image: Path, *, baud: int = BAUD, patience: Patience = Patience(),
               output: Callable[[bytes], None], typed: Callable[[], bytes] = lambda: b"",
               seconds: float | None = None) -> End | None:
    """Runs the program to its end. Loads it again each time it asks for a reset.

    ``output`` receives the program's output; ``typed`` supplies its input. Returns ``None`` if the
    program has not ended ``seconds`` after its start. Raises ``BadImage`` or ``LineError``.
    """
    while True:
        info, behind = load_and_start(line, image, baud, patience)
        end = converse(line, info.announcement, behind=behind, output=output, typed=typed,
                       seconds=seconds)
        if end is None or not end.wants_reset:
            return end
