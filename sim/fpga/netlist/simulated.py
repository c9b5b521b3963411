"""Turns a netlist of ECP5 cells into Verilog that Verilator simulates fast."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from sim import tools
from sim.fpga.failure import failure
from sim.fpga.netlist.gather import Cell, gather
from sim.fpga.yosys import synthesise_rtlil
from sim.progress import Progress
from sim.tools import ToolError

CELLS = Path(__file__).parent / "cells"
MODELS = ("block_ram.v", "multiplier.v")
# The cells are replaced by Yosys's own models. A C++ compiler handles expressions of lookup tables
# and single bits well, so bits are not packed into vectors and unpacked again.
SCRIPT = """\
read_json gathered.json
techmap -map +/ecp5/ccu2c_sim.vh
techmap -map luts.v
read_verilog +/ecp5/common_sim.vh
hierarchy -top top
proc
flatten -noscopeinfo
opt_clean -purge
opt_dff -simple-dffe
splitnets
opt_clean -purge
write_verilog -noattr top.v
"""
# Cells with undefined initial contents.
START = """\
  reg undefined = $test$plusargs("undefined") != 0;
  function [3:0] start(input [3:0] value);
    start = undefined ? $urandom : value;
  endfunction
"""


def netlist_verilog(netlist: Path, folder: Path) -> str:
    """Returns the Verilog of ``netlist``, a JSON file of Yosys. Temporary files go to ``folder``.

    The module is ``top``, with the ports of the design. A block RAM read that collides with a write
    returns a random value. Flip-flops and memories start as on the device. With ``+undefined`` they
    start with random contents, except those that are never written.
    """
    top = json.loads(netlist.read_text())["modules"]["top"]
    cells = {name: cell for name, cell in top["cells"].items() if cell["type"] != "$scopeinfo"}
    gather(cells)
    gathered = {
        "ports": top["ports"],
        "cells": {f"{_short(name)}{n}": cell | {"attributes": {}}
                  for n, (name, cell) in enumerate(cells.items())},
        "netnames": {},
    }
    _buffer_outputs(gathered)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gathered.json").write_text(json.dumps({"modules": {"top": gathered}}))
    (folder / "flatten.ys").write_text(SCRIPT)
    shutil.copy(CELLS / "luts.v", folder)
    log = folder / "flatten.log"
    with log.open("w") as output:
        done = subprocess.run([tools.yosys(), "-q", "flatten.ys"], cwd=folder, stdout=output,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError(failure("Yosys", done.returncode, log))
    text = _with_start((folder / "top.v").read_text())
    return text + "".join((CELLS / name).read_text() for name in MODELS)


def synthesised_verilog(rtlil_text: str, folder: Path) -> str:
    """Synthesises the module ``top`` as for a bitstream and returns the netlist as Verilog.

    Only the logs stay in ``folder``.
    """
    with Progress(f"synthesising, about 1 minute a hart, log in {folder}/yosys.log"):
        synthesis = synthesise_rtlil(rtlil_text, folder, flatten=True)
    with Progress("writing the netlist"):
        text = netlist_verilog(synthesis.netlist, folder)
    for path in folder.iterdir():
        if path.suffix != ".log":
            path.unlink()
    return text


def _short(name: str) -> str:
    """Returns ``kept`` if the design relies on the cell's initial value: x0 is a register that is
    never written."""
    return "kept" if ".registers.registers." in name else "c"


def _buffer_outputs(module: dict) -> None:
    """Puts a buffer before every bit of an output, so that no logic reads a port's vector."""
    nets = [bit for part in (*module["ports"].values(),) for bit in part["bits"]]
    nets += [bit for cell in module["cells"].values() for bits in cell["connections"].values()
             for bit in bits]
    free = max(bit for bit in nets if isinstance(bit, int)) + 1
    for name, port in module["ports"].items():
        if port["direction"] != "output":
            continue
        inner, outer = port["bits"], list(range(free, free + len(port["bits"])))
        free += len(outer)
        module["cells"][f"buffer_{name}"] = _buffer(inner, outer)
        port["bits"] = outer


def _buffer(inner: list, outer: list) -> Cell:
    width = f"{len(outer):032b}"
    return {"type": "$pos", "attributes": {"keep": "1"},
            "parameters": {"A_SIGNED": "0", "A_WIDTH": width, "Y_WIDTH": width},
            "port_directions": {"A": "input", "Y": "output"},
            "connections": {"A": inner, "Y": outer}}


def _with_start(text: str) -> str:
    """Makes cells with an initial value start with a different value."""
    text = re.sub(r"^  reg (.*) = (1'h[01]);$", r"  reg \1;\n  initial \1 = start(\2);", text,
                  flags=re.MULTILINE)
    text = re.sub(r"^(    \\c\S+ \[\d+\]) = (4'\S+);$", r"\1 = start(\2);", text,
                  flags=re.MULTILINE)
    header, end, body = text.partition(");\n")
    return header + end + START + body
