"""Options for a run of a program on a model of the RTL."""

import os
from dataclasses import dataclass
from pathlib import Path

from sim.model.design import Variant

MAX_LATENCY = 1_000_000  # far more than any memory has; a program must still get somewhere
MAX_NUMBER = (1 << 63) - 1  # that the harness counts to
TRACE_SUFFIX = ".fst"  # the one format that is written; readers go by it, too


class BadArgument(Exception):
    """An argument is invalid. The message is one line for the user."""


def _seed(option: str, value: int) -> int:
    if not 0 <= value <= MAX_NUMBER:
        raise BadArgument(f"a seed of --{option} must be from 0 to {MAX_NUMBER}, not {value}")
    return value


@dataclass(frozen=True)
class Latency:
    """Cycles from the acceptance of a DRAM burst to its first dword; None draws them at random."""

    cycles: int | None = 10
    seed: int = 1

    def __str__(self) -> str:
        return f"random:{self.seed}" if self.cycles is None else str(self.cycles)

    @classmethod
    def parse(cls, text: str, *, seed: int = 1) -> "Latency":
        """``N``, ``random`` or ``random:SEED``."""
        kind, colon, own_seed = text.partition(":")
        try:
            if kind == "random":
                return cls(None, _seed("latency", int(own_seed)) if colon else seed)
            if 1 <= int(text) <= MAX_LATENCY:
                return cls(int(text), seed)
        except ValueError:
            pass
        raise BadArgument(f"--latency must be a number of cycles from 1 to {MAX_LATENCY}, random "
                          f"or random:SEED, not {text!r}")


@dataclass(frozen=True)
class RunOptions:
    """How to run a program, and which files to write."""

    max_cycles: int = 100_000_000
    latency: Latency = Latency()
    tohost: bool = False
    trace: Path | None = None
    trace_start: int | None = None
    trace_stop: int | None = None
    commit_log: Path | None = None
    json: Path | None = None
    netlist: bool = False
    lockstep: bool = False
    undefined: int | None = None  # seed for random initial contents of flip-flops and memories

    @property
    def variant(self) -> Variant:
        return Variant(trace=self.trace is not None, commit_log=self.commit_log is not None,
                       lockstep=self.lockstep, netlist=self.netlist)

    def check(self) -> None:
        """Raises ``BadArgument`` for a number out of range or options that exclude each other."""
        if not 1 <= self.max_cycles <= MAX_NUMBER:
            raise BadArgument(f"--max-cycles must be from 1 to {MAX_NUMBER}, not {self.max_cycles}")
        _seed("seed", self.latency.seed)
        if self.netlist and self.trace:
            raise BadArgument("--trace: the netlist of --netlist has no names that a waveform "
                              "could show")
        if self.netlist and self.lockstep:
            raise BadArgument("--lockstep: the netlist of --netlist shows no instructions")
        if self.undefined is not None:
            _seed("undefined", self.undefined)
            if not self.netlist:
                raise BadArgument("--undefined needs --netlist: only a netlist starts with random "
                                  "contents")
        self._check_trace()

    def _check_trace(self) -> None:
        for option, cycle in (("--trace-start", self.trace_start),
                              ("--trace-stop", self.trace_stop)):
            if cycle is not None and self.trace is None:
                raise BadArgument(f"{option} needs --trace")
            if cycle is not None and not 0 <= cycle <= MAX_NUMBER:
                raise BadArgument(f"{option} must be from 0 to {MAX_NUMBER}, not {cycle}")
        start = self.trace_start or 0
        if self.trace_stop is not None and self.trace_stop <= start:
            raise BadArgument(f"--trace-stop must be after the first cycle of the waveform, "
                              f"{start}, not {self.trace_stop}")

    def check_outputs(self) -> None:
        """Raises ``BadArgument`` if a file cannot be written or is misnamed; creates nothing."""
        for path in (self.trace, self.commit_log, self.json):
            if path is None:
                continue
            if path.is_dir():
                raise BadArgument(f"{path}: is a directory")
            if path == self.trace and path.exists() and not path.is_file():
                raise BadArgument(f"{path}: a waveform needs a regular file")
            if not path.parent.is_dir():
                raise BadArgument(f"{path}: no such directory")
            if not os.access(path if path.exists() else path.parent, os.W_OK):
                raise BadArgument(f"{path}: not writable")
        if self.trace is not None and self.trace.suffix != TRACE_SUFFIX:
            raise BadArgument(f"--trace writes FST, so its file must end in {TRACE_SUFFIX}, not "
                              f"{str(self.trace)!r}")
