"""Proves that a netlist of ECP5 cells computes what the RTL says.

Memories are removed on both sides. Each memory of the netlist must exist in the RTL with the same
shape and contents, and both must get the same inputs. Outputs of memories are free. Flip-flops are
paired. Both flip-flops of a pair must start with the same value and have the same next value for
all values of inputs and flip-flops. Then both sides have the same outputs for ever.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sim import tools
from sim.fpga.failure import failure
from sim.fpga.netlist.aig import FALSE, Aig
from sim.fpga.netlist.correspondence import common_names, pair_flip_flops
from sim.fpga.netlist.cut import Cut, cut_memories
from sim.fpga.netlist.gather import Bit
from sim.fpga.netlist.logic import Logic
from sim.tools import ToolError

SOLVER_MS = 20_000
# The RTL with its memories in cells of the device. Identical cells are merged because identical
# ports of memories are merged too. Constants at the memories' cells are folded. If one of two
# values is undefined, such as the result of a read that collides with a write, the other is taken.
RTL_SCRIPT = """\
read_rtlil top.il
hierarchy -top top
proc
flatten -noscopeinfo
opt_merge
opt_clean
memory -nomap
opt_clean
memory_libmap -lib +/lattice/lutrams_trellis.txt -lib +/lattice/brams_16kd.txt
techmap -map +/lattice/lutrams_map_trellis.v -map +/lattice/brams_map_16kd.v
opt_expr c:*techmap*
memory_map
opt_expr -mux_undef t:$mux t:$pmux
opt_clean
write_json rtl.json
"""
# One side in gates and plain flip-flops. Yosys's models define the cells of the device.
GATES_SCRIPT = """\
read_json {side}_cut.json
read_verilog +/ecp5/common_sim.vh +/ecp5/ccu2c_sim.vh
hierarchy -top top
proc
flatten -noscopeinfo
opt_clean
dffunmap
techmap
simplemap
opt_clean
select top
write_json -selected {side}_gates.json
"""


@dataclass(frozen=True)
class Comparison:
    """The result: ``points`` bits were compared; ``unproven`` names bits without a proof."""

    points: int
    flip_flops: int
    memories: int
    unproven: list[str]

    @property
    def equal(self) -> bool:
        return self.points > 0 and not self.unproven


def compare(folder: Path, netlist: Path) -> Comparison:
    """Returns the comparison of ``netlist``, Yosys's JSON, with its source ``top.il`` in
    ``folder``.

    Temporary files go to ``folder``. Raises ``ToolError`` if Yosys fails or a cell has no model.
    """
    _yosys(folder, "rtl", RTL_SCRIPT)
    rtl = _cut(folder, "rtl", folder / "rtl.json")
    gates = _cut(folder, "netlist", netlist)
    unproven = [f"memory {name}" for name, memory in sorted(gates.memories.items())
                if rtl.memories.get(name) != memory]
    sides = [_gates(folder, side) for side in ("rtl", "netlist")]
    points, differing = _compare_logic(*sides)
    return Comparison(points=points, flip_flops=len(sides[1].flip_flops),
                      memories=len(gates.memories), unproven=unproven + differing)


def _cut(folder: Path, side: str, netlist: Path) -> Cut:
    cut = cut_memories(json.loads(netlist.read_text())["modules"]["top"])
    (folder / f"{side}_cut.json").write_text(json.dumps({"modules": {"top": cut.module}}))
    return cut


def _gates(folder: Path, side: str) -> Logic:
    _yosys(folder, f"{side}_gates", GATES_SCRIPT.format(side=side))
    modules = json.loads((folder / f"{side}_gates.json").read_text())["modules"]
    return Logic(modules["top"])


def _yosys(folder: Path, name: str, script: str) -> None:
    (folder / f"{name}.ys").write_text(script)
    log = folder / f"{name}.log"
    with log.open("w") as output:
        done = subprocess.run([tools.yosys(), "-q", f"{name}.ys"], cwd=folder, stdout=output,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError(failure("Yosys", done.returncode, log))


def _compare_logic(rtl: Logic, netlist: Logic) -> tuple[int, list[str]]:
    """Returns the number of points, and the unproven points."""
    pairs = pair_flip_flops(rtl, netlist)
    # Some flip-flops of the RTL are replaced by a constant, their initial value. One of the points
    # proves that they keep that value.
    names = common_names(pairs)
    constant = {q: rtl.starts[q] for q in rtl.flip_flops if q not in names[0] and q in rtl.starts}
    points = [(rtl.name(a), rtl.flip_flops[a], netlist.flip_flops[b]) for a, b in pairs]
    points += [(rtl.name(q), rtl.flip_flops[q], value) for q, value in constant.items()]
    points += _outputs(rtl, netlist)

    graph = Aig(solver_ms=SOLVER_MS)
    sides = []
    for side, logic in enumerate((rtl, netlist)):
        given = {bit: graph.input(name) for bit, name in (logic.inputs | names[side]).items()}
        if logic is rtl:
            given |= {q: int(value) for q, value in constant.items()}
        sides.append(logic.evaluate(given, [point[1 + side] for point in points], graph.both,
                                    lambda literal: literal ^ 1, FALSE))
    unproven = [name for name, a, b in points if not graph.same(sides[0][a], sides[1][b])]
    unproven += [f"start of {rtl.name(a)}" for a, b in pairs
                 if a in rtl.starts and rtl.starts[a] != netlist.starts.get(b)]
    unproven += [f"{netlist.name(q)} without counterpart" for q in netlist.flip_flops
                 if q not in names[1]]
    return len(points), unproven


def _outputs(rtl: Logic, netlist: Logic) -> list[tuple[str, Bit, Bit]]:
    """The outputs, including those to memories, except bits that the RTL leaves undefined."""
    theirs = {name: port["bits"] for name, port in netlist.module["ports"].items()
              if port["direction"] == "output"}
    return [(f"{name}[{n}]", a, b) for name, port in rtl.module["ports"].items()
            if port["direction"] == "output" and name in theirs
            for n, (a, b) in enumerate(zip(port["bits"], theirs[name], strict=True)) if a != "x"]
