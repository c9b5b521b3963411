"""Verilog of a component, for other tools."""

import re

from amaranth._toolchain.yosys import find_yosys
from amaranth.back import rtlil as amaranth_rtlil
from amaranth.lib import wiring

from sim.export import liveness, names, rtlil, widths

_ATTRIBUTES = " ".join(f"-remove {name}" for name in (
    "generator", "top", "src", "amaranth.*", "full_case", "enum_*"))
# All processes become cells: an ``always @*`` block without inputs would never run.
_TO_CELLS = ["proc -norom", "opt_expr", "opt_clean -purge", "memory_collect",
             "opt_clean -purge", f"attrmap {_ATTRIBUTES}", f"attrmap -modattr {_ATTRIBUTES}"]
# What a register holds before the first clock. A declaration with a value is taken for a second
# driver by Verilator's lint.
_INITIAL = re.compile(r"^  reg ([^=;]*?)(\w+) = ([^;]+);$", re.MULTILINE)


def verilog_text(component: wiring.Component, name: str, *, prefix: str = "") -> str:
    """Plain Verilog-2001 of ``component``, with ``prefix`` and ``name`` as the top module.

    It has continuous assignments and clocked processes only. So every simulator computes all
    signals before the first clock. No name needs an escape, and nothing is left that reaches no
    output. The names of all modules start with ``prefix`` and ``name``.
    """
    top = f"\\{name}"
    source = amaranth_rtlil.convert(component, name=name, emit_src=False)
    design = rtlil.read(_yosys(source, [*_TO_CELLS, "write_rtlil"]))
    for module in design.values():
        widths.settle(module)
    liveness.trim(design, top)
    design = names.plain(design, prefix)
    text = _yosys(rtlil.write(design), [
        "opt_clean -purge", "attrmap -remove unused_bits", "write_verilog -noparallelcase"])
    return _INITIAL.sub(r"  reg \1\2;\n  initial \2 = \3;", text.partition("\n")[2].lstrip())


def _yosys(source: str, commands: list[str]) -> str:
    """Runs the Yosys that Amaranth itself would choose; its own ``verilog.convert`` has a fixed
    list of passes."""
    yosys = find_yosys(lambda version: version >= (0, 40))
    script = "\n".join([f"read_rtlil <<rtlil\n{source}\nrtlil", *commands])
    return yosys.run(["-q", "-"], script, ignore_warnings=True)
