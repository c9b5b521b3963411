"""Options for a run of a program on a model of the RTL."""

import os
from dataclasses import dataclass
from pathlib import Path

from sim.model.design import Variant


class BadArgument(Exception):
    """An argument is invalid. The message is one line for the user."""


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
        kind, _, own_seed = text.partition(":")
        try:
            if kind == "random":
                return cls(None, int(own_seed) if own_seed else seed)
            if 1 <= int(text) <= 1_000_000:
                return cls(int(text), seed)
        except ValueError:
            pass
        raise BadArgument(f"latency must be a number of cycles from 1, random or random:SEED, "
                          f"not {text!r}")


@dataclass(frozen=True)
class RunOptions:
    """How to run a program, and which files to write."""

    max_cycles: int = 100_000_000
    latency: Latency = Latency()
    tohost: bool = False
    trace: Path | None = None
    trace_start: int = 0
    trace_stop: int | None = None
    commit_log: Path | None = None
    json: Path | None = None
    netlist: bool = False
    undefined: int | None = None  # seed for random initial contents of flip-flops and memories

    @property
    def variant(self) -> Variant:
        return Variant(trace=self.trace is not None, commit_log=self.commit_log is not None,
                       netlist=self.netlist)

    def check(self) -> None:
        """Raises ``BadArgument`` for a number out of range."""
        if self.max_cycles < 1:
            raise BadArgument(f"max-cycles must be at least 1, not {self.max_cycles}")
        if self.trace_start < 0 or (self.trace_stop or 1) < 0:
            raise BadArgument("a waveform cannot start or stop before cycle 0")
        if self.netlist and self.trace:
            raise BadArgument("a netlist has no names that a waveform could show")
        if self.undefined is not None and not self.netlist:
            raise BadArgument("only a netlist starts with random contents")

    def check_outputs(self) -> None:
        """Raises ``BadArgument`` if a file cannot be written; creates nothing."""
        for path in (self.trace, self.commit_log, self.json):
            if path is None:
                continue
            if path.is_dir():
                raise BadArgument(f"{path}: is a directory")
            if not path.parent.is_dir():
                raise BadArgument(f"{path}: no such directory")
            if not os.access(path if path.exists() else path.parent, os.W_OK):
                raise BadArgument(f"{path}: not writable")
