"""Reads signals of a waveform of ``rel4 sim --trace``, cycle by cycle."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from sim.tools import ToolError

CLOCK = 10  # time units in a cycle; values change at its beginning
TOP_SCOPES = 2  # scope around the SoC


def samples(wave: Path, names: Iterable[str],
            optional: Iterable[str] = ()) -> Iterator[tuple[int, dict[str, int]]]:
    """Yields the number of each cycle and the values of signals. Names start at the SoC's top.

    ``wave`` is a VCD or an FST. An FST needs ``fst2vcd`` of GTKWave. Raises ``ToolError`` if
    ``fst2vcd`` or a signal of ``names`` is missing or the file is damaged, and ``OSError`` if it
    cannot be read.
    """
    with wave.open("rb") as file:  # fst2vcd would not say why it cannot
        if wave.suffix != ".fst":
            yield from _whole(wave, file, set(names), set(optional))
            return
    if not shutil.which("fst2vcd"):
        raise ToolError("fst2vcd is not installed: it comes with GTKWave")
    with subprocess.Popen(["fst2vcd", str(wave)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=False) as process:
        yield from _whole(wave, process.stdout, set(names), set(optional))
        process.communicate()
    if process.returncode:
        raise ToolError(f"{wave}: fst2vcd cannot read it")


def _whole(wave: Path, lines: Iterable[bytes], names: set[str],
           optional: set[str]) -> Iterator[tuple[int, dict[str, int]]]:
    """The samples of a file that must have some."""
    empty = True
    try:
        for sample in _samples(lines, names, optional):
            empty = False
            yield sample
    except (ValueError, IndexError):  # a line that no VCD has; also bytes that are no text
        raise ToolError(f"{wave}: not a waveform, or damaged") from None
    if empty:
        raise ToolError(f"{wave}: has no cycle, or is not a waveform")


def _samples(lines: Iterable[bytes], names: set[str],
             optional: set[str]) -> Iterator[tuple[int, dict[str, int]]]:
    wanted: dict[str, list[str]] = {}  # by the file's short name of the signal
    scopes: list[str] = []
    values: dict[str, int] = {}
    cycle = None
    for raw in lines:
        line = raw.decode().strip()
        if line.startswith("$scope"):
            scopes.append(line.split()[2])
        elif line.startswith("$upscope"):
            scopes.pop()
        elif line.startswith("$var"):
            _, _, _, short, name, *_ = line.split()
            name = ".".join([*scopes[TOP_SCOPES:], name])
            if name in names | optional:
                wanted.setdefault(short, []).append(name)
        elif line.startswith("$enddefinitions"):
            if missing := names - {name for group in wanted.values() for name in group}:
                raise ToolError(f"the waveform has no signal {min(missing)}")
        elif line.startswith("#"):
            now = int(line[1:]) // CLOCK
            if cycle is not None and now != cycle:
                yield cycle, dict(values)
            cycle = now
        elif line[:1] in ("0", "1", "b"):
            value, short = line[1:].split() if line[0] == "b" else (line[0], line[1:])
            for name in wanted.get(short, ()):
                values[name] = int(value, 2)
    if cycle is not None:
        yield cycle, dict(values)
