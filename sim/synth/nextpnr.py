"""Places and routes a netlist on the ECP5-85F and reads the clock that it reaches."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sim import tools
from sim.tools import ToolError

DEVICE = ["--85k", "--package", "CABGA381", "--speed", "6"]
TARGET_MHZ = 60


@dataclass(frozen=True)
class Path_:
    """A timing path: its ends, named by module and signal, and its time."""

    start: str
    end: str
    ns: float
    logic_ns: float
    cells: int  # passed on the way


@dataclass(frozen=True)
class Placement:
    """The result for one seed."""

    seed: int
    fmax_mhz: float
    worst: list[Path_]
    utilisation: dict[str, tuple[int, int]]  # used and available, by kind of cell


def place(netlist: Path, *, seed: int) -> Placement:
    """Places and routes ``netlist`` for ``TARGET_MHZ``; raises ``ToolError`` if that fails."""
    folder = netlist.parent
    report, log = folder / f"report-{seed}.json", folder / f"nextpnr-{seed}.log"
    command = [
        tools.nextpnr_ecp5(), *DEVICE, "--json", netlist.name, "--freq", str(TARGET_MHZ),
        "--seed", str(seed), "--lpf-allow-unconstrained", "--timing-allow-fail",
        "--report", report.name, "--detailed-timing-report",
    ]
    with log.open("w") as output:
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError(f"nextpnr failed, see {log}")
    content = json.loads(report.read_text())
    fmax = min(clock["achieved"] for clock in content["fmax"].values())
    return Placement(
        seed=seed, fmax_mhz=fmax, worst=worst_paths(content),
        utilisation={kind: (use["used"], use["available"])
                     for kind, use in content["utilization"].items() if use["used"]},
    )


def worst_paths(report: dict, count: int = 3) -> list[Path_]:
    """The worst paths whose ends lie in different modules, worst first."""
    paths = [_critical(path["path"]) for path in report.get("critical_paths", [])
             if path["from"] == path["to"]]
    paths += [_net_path(net, end) for net in report.get("detailed_net_timings", [])
              for end in net["endpoints"]]
    worst: dict[tuple[str, str], Path_] = {}
    for path in sorted(paths, key=lambda p: -p.ns):
        worst.setdefault((module_of(path.start), module_of(path.end)), path)
    return list(worst.values())[:count]


def _critical(steps: list[dict]) -> Path_:
    logic = sum(step["delay"] for step in steps if step["type"] in ("logic", "clk-to-q", "setup"))
    return Path_(
        start=signal_name(steps[0]["from"]["cell"]), end=signal_name(steps[-1]["to"]["cell"]),
        ns=sum(step["delay"] for step in steps), logic_ns=logic,
        cells=sum(step["type"] == "logic" for step in steps),
    )


def _net_path(net: dict, end: dict) -> Path_:
    return Path_(signal_name(net["driver"]), signal_name(end["cell"]), end["delay"], 0.0, 0)


def signal_name(cell: str) -> str:
    """What is left of a cell's name without what Yosys and nextpnr added."""
    name = re.sub(r"\$.*", "", cell).strip("\\")
    return re.sub(r"_(TRELLIS_FF|LUT4|CCU2C|PFUMX|L6MUX21|DP16KD|MULT18X18D)_.*", "", name) or cell


def module_of(name: str) -> str:
    return name.rpartition(".")[0]
