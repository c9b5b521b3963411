"""``rel4 run``: run a program on a board to its end."""

import json as json_format
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from typer import Exit, Option

from sim.board.loader import Patience
from sim.board.runner import BAUD, run_to_end
from sim.board.serial_line import LineError, SerialLine
from sim.cli import app, refuse
from sim.cli.load import PATIENCE, Baud, Image, Wait
from sim.cli.options import ResultJson
from sim.model.elf import BadImage
from sim.output import write_output
from sim.status import Status

ESCAPE, LEAVE = b"\x01", b"x"  # Ctrl-A x, as in ``rel4 sim``


@app.command()
def run(
    image: Image,
    board: Annotated[str, Option(metavar="PORT", help="serial port of the board")],
    baud: Baud = BAUD,
    patience: Wait = PATIENCE,
    timeout: Annotated[
        float | None, Option(metavar="S", help="give up S seconds after the start")
    ] = None,
    json: ResultJson = None,
) -> None:
    """run a program on a board; its UART is standard output and input

    Exit status: 0 the program passed, 1 it failed, 124 time limit, 2 it could not be run.
    On a terminal, Ctrl-A x leaves.
    """
    try:
        line = SerialLine(board, BAUD)
        start = time.monotonic()
        with _keyboard() as keyboard:
            end = run_to_end(line, image, baud=baud, patience=Patience(patience), output=_show,
                             typed=keyboard.read, seconds=timeout)
        line.close()
        status = Status.TIME_LIMIT if end is None else Status.ended(end.passed)
        if json:
            result = {"status": status.word, "exit_code": end.code if end else None,
                      "seconds": time.monotonic() - start}
            write_output(json_format.dumps(result, indent=1) + "\n", json, sys.stdout)
    except BadImage as error:
        refuse("run", f"{image}: {error}")
    except (LineError, OSError) as error:
        refuse("run", error)
    if end is None:
        print(f"rel4 run: no end after {timeout:g} s", file=sys.stderr)
        raise Exit(status.exit_status)
    if not end.passed:
        print(f"rel4 run: failed with code {end.code}", file=sys.stderr)
        raise Exit(status.exit_status)


def _show(output: bytes) -> None:
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()


class _Keyboard:
    """Standard input. A terminal is read key by key."""

    def __init__(self, raw: bool) -> None:
        self._raw, self._ended = raw, False
        self._escaped = False

    def read(self) -> bytes:
        """Returns the typed bytes without waiting. Raises ``LineError`` for Ctrl-A x."""
        if self._ended or not select.select([sys.stdin], [], [], 0)[0]:
            return b""
        typed = os.read(sys.stdin.fileno(), 256)
        self._ended = not typed
        if not self._raw:
            return typed
        passed = b""
        for key in (bytes([byte]) for byte in typed):
            if not self._escaped and key == ESCAPE:
                self._escaped = True
                continue
            if self._escaped and key == LEAVE:
                raise LineError("left while the program runs")
            self._escaped = False
            passed += key
        return passed


@contextmanager
def _keyboard() -> Iterator[_Keyboard]:
    if not sys.stdin.isatty():
        yield _Keyboard(raw=False)
        return
    saved = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield _Keyboard(raw=True)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
