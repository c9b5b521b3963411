"""Designs that can be simulated, and the optional outputs of their models."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from amaranth.lib import wiring

from sim.tools import PROJECT
from soc.config import SocParams


@dataclass(frozen=True)
class Variant:
    """Optional outputs of a model. Each costs speed, so each choice is a separate model."""

    trace: bool = False
    commit_log: bool = False
    lockstep: bool = False  # beside the emulator
    netlist: bool = False  # the netlist of ECP5 cells instead of the RTL

    @property
    def fast(self) -> bool:
        return not (self.trace or self.commit_log or self.netlist)

    @property
    def shows_commits(self) -> bool:
        """The whole commit port is brought out."""
        return self.commit_log or self.lockstep

    def __str__(self) -> str:
        shown = [name for name, on in (("waveform", self.trace), ("commit log", self.commit_log),
                                       ("lockstep", self.lockstep)) if on]
        kind = "netlist" if self.netlist else "" if shown else "fast"
        return f"{kind} with {' and '.join(shown)}".strip() if shown else kind


@dataclass(frozen=True)
class Design:
    """A SoC to simulate: how to make it, and its identity in the cache."""

    make: Callable[[], wiring.Component]
    identity: str  # decides what ``make`` returns, together with the sources
    harts: int
    line_bytes: int
    sources: tuple[Path, ...] = (PROJECT / "hdl", PROJECT / "soc")  # files or folders
    verilog: str = ""  # modules that the design instantiates
    brief: bool = False  # runs are short: compiled in half of the time, and a tenth slower
    params: SocParams | None = None  # of a SoC that the emulator can be, too


def soc_design(params: SocParams) -> Design:
    """The SoC with these parameters. It is elaborated only if a model must be built.

    Without a boot loader, it has a port for the entry of the program.
    """
    params = replace(params, entry_port=not params.boot_loader)

    def make() -> wiring.Component:
        from soc.top import Soc

        return Soc(params)

    return Design(make=make, identity=repr(params), harts=params.harts,
                  line_bytes=params.hart.line_bytes, params=params)
