"""Places and routes a netlist on the ECP5-85F and reads the clock that it reaches."""

import json
import math
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import tools
from sim.fpga.failure import failure
from sim.tools import ToolError

DEVICE = ("--85k", "--package", "CABGA381", "--speed", "6")
TARGET_MHZ = 60
# For a SoC, the static placer of nextpnr uses a quarter less wire than the default placer, so
# routing takes only minutes. It never ends if the design does not fit (see ``_refuse_excess``), or
# if it cannot part a few block RAMs; then the other placer takes over.
PLACER, SECOND_PLACER = "static", "heap"
# Iterations of the static placer in which the kind of cell that overlaps most does not overlap
# less. A placement takes some 500 in all.
STALLED = 500


@dataclass(frozen=True)
class CriticalPath:
    """The slowest path from register to register. Module and signal name its ends."""

    start: str
    end: str
    ns: float
    logic_ns: float
    cells: int  # passed on the way
    modules: list[str]  # on the way, in order


@dataclass(frozen=True)
class Arrival:
    """The latest arrival time at any register of a module, measured from the clock edge."""

    module: str
    end: str
    ns: float


@dataclass(frozen=True)
class Clock:
    """A clock of the design. Its net names it."""

    name: str
    achieved_mhz: float
    constraint_mhz: float
    critical: CriticalPath

    @property
    def met(self) -> bool:
        return self.achieved_mhz >= self.constraint_mhz


@dataclass(frozen=True)
class Placement:
    """The result for one seed."""

    seed: int
    fmax_mhz: float  # of the slowest clock
    clocks: list[Clock]  # least margin first
    critical: CriticalPath  # of the first of them
    arrivals: list[Arrival]  # latest arrival first
    utilisation: dict[str, tuple[int, int]]  # used and available, by kind of cell
    placer: str  # of nextpnr

    @property
    def met(self) -> bool:
        return all(clock.met for clock in self.clocks)


def place(netlist: Path, *, seed: int, device: Sequence[str] = DEVICE,
          target_mhz: float = TARGET_MHZ, pins: Path | None = None,
          routed: Path | None = None) -> Placement:
    """Places and routes ``netlist``; raises ``ToolError`` if that fails.

    ``target_mhz`` applies to clocks that ``pins`` (preferences, in the netlist's folder) does not
    constrain. Missing the target is not a failure. The configuration for ``ecppack`` is written to
    ``routed``.
    """
    folder = netlist.parent
    report, log = folder / f"report-{seed}.json", folder / f"nextpnr-{seed}.log"
    design = [*device, "--json", netlist.name, "--lpf-allow-unconstrained"]
    if pins:
        design += ["--lpf", pins.name]
    _refuse_excess(design, folder)
    options = [
        "--freq", str(target_mhz), "--seed", str(seed), "--timing-allow-fail", "--report",
        report.name, "--detailed-timing-report",
    ]
    if routed:
        options += ["--textcfg", os.path.relpath(routed, folder)]
    placer = PLACER
    if not _ends([*design, *options, "--placer", PLACER], log):
        placer = SECOND_PLACER
        _run([*design, *options, "--placer", placer], log)
    content = json.loads(report.read_text())
    found = clocks(content)
    return Placement(
        seed=seed, fmax_mhz=min(clock.achieved_mhz for clock in found), clocks=found,
        critical=found[0].critical, arrivals=arrivals(content),
        utilisation={kind: (use["used"], use["available"])
                     for kind, use in content["utilization"].items() if use["used"]},
        placer=placer,
    )


def _ends(arguments: list[str], log: Path) -> bool:
    """Runs nextpnr; returns false, and ends it, if its static placer stands still."""
    least, since = math.inf, 0
    with log.open("w") as output, subprocess.Popen(
            [tools.nextpnr_ecp5(), *arguments], cwd=log.parent, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout:
            output.write(line)
            if not line.startswith("Info: overlap: "):
                continue
            worst = max(float(part) for part in re.findall(r"=([\d.]+)%", line))
            since = 0 if worst < least else since + 1
            least = min(least, worst)
            if since == STALLED:
                process.kill()
                return False
    if process.returncode:
        raise ToolError(failure("nextpnr", process.returncode, log))
    return True


def _run(arguments: list[str], log: Path) -> None:
    with log.open("w") as output:
        done = subprocess.run([tools.nextpnr_ecp5(), *arguments], cwd=log.parent, stdout=output,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError(failure("nextpnr", done.returncode, log))


def _refuse_excess(design: list[str], folder: Path) -> None:
    """Raises ``ToolError`` if the design needs more cells of a kind than the device has."""
    log = folder / "nextpnr-pack.log"
    _run([*design, "--pack-only"], log)
    for kind, used, available in re.findall(r"^Info: \s+(\w+): +(\d+)/ *(\d+) ", log.read_text(),
                                            re.MULTILINE):
        if int(used) > int(available):
            raise ToolError(f"nextpnr: the design does not fit into the device: {used} {kind} of "
                            f"{available}, see {log}")


def clocks(report: dict) -> list[Clock]:
    """Returns every clock that has register-to-register paths, least margin first."""
    found = [Clock(name.removeprefix("$glbnet$"), clock["achieved"], clock["constraint"],
                   critical_path(report, name))
             for name, clock in report["fmax"].items()]
    return sorted(found, key=lambda clock: clock.achieved_mhz / clock.constraint_mhz)


def critical_path(report: dict, clock: str) -> CriticalPath:
    """Returns the slowest path that starts and ends at the clock net ``clock``."""
    paths = [path["path"] for path in report["critical_paths"]
             if path["from"] == path["to"] and path["from"].endswith(f" {clock}")]
    steps = max(paths, key=lambda steps: sum(step["delay"] for step in steps))
    cells = [step["from"]["cell"] for step in steps] + [steps[-1]["to"]["cell"]]
    modules = [module_of(signal_name(cell)) for cell in cells]
    return CriticalPath(
        start=signal_name(cells[0]), end=signal_name(cells[-1]),
        ns=sum(step["delay"] for step in steps),
        logic_ns=sum(step["delay"] for step in steps if step["type"] != "routing"),
        cells=sum(step["type"] == "logic" for step in steps),
        modules=[m for n, m in enumerate(modules) if m and (n == 0 or m != modules[n - 1])],
    )


def arrivals(report: dict, count: int = 8) -> list[Arrival]:
    """Returns the modules with the latest arrivals at their registers."""
    latest: dict[str, Arrival] = {}
    for net in report.get("detailed_net_timings", []):
        for end in net["endpoints"]:
            if "edge" not in net["event"] or "edge" not in end["event"]:
                continue
            name, ns = signal_name(end["cell"]), max(end["delay"])
            module = module_of(name)
            if module not in latest or latest[module].ns < ns:
                latest[module] = Arrival(module, name, ns)
    return sorted(latest.values(), key=lambda a: -a.ns)[:count]


def signal_name(cell: str) -> str:
    """Returns a cell's name without the parts that Yosys and nextpnr added."""
    name = re.sub(r"\$.*", "", cell).strip("\\")
    return re.sub(r"_(TRELLIS_FF|LUT4|CCU2C|PFUMX|L6MUX21|DP16KD|MULT18X18D)_.*", "", name) or cell


def module_of(name: str) -> str:
    return re.sub(r"(\.\d+)+$", "", name).rpartition(".")[0]
