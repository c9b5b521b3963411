"""Verilog of a component, for other tools."""

import re

from amaranth.back import verilog
from amaranth.lib import wiring

# A process of Yosys that reads nothing.
CONSTANT = re.compile(r"^  always @\*\n(    [^\n;]+ = \d+'h[0-9a-f]+;\n)", re.MULTILINE)
HEADER = re.compile(r"^(module [^;]*;\n)", re.MULTILINE)
ONCE = "\\constant$once "


def verilog_text(component: wiring.Component, name: str) -> str:
    """One file of plain Verilog-2001, with ``component`` as the module ``name``.

    Where some bits of a signal are constant, Amaranth writes ``always @*`` blocks that read
    nothing, and which by the rules of Verilog never run: a simulator would leave the bits
    unknown. Here they read a register, as blocks that Yosys expects to be like that do.
    """
    text = verilog.convert(component, name=name, emit_src=False)
    return "\n".join(_started(module) for module in re.split(r"(?<=^endmodule)\n", text,
                                                             flags=re.MULTILINE))


def _started(module: str) -> str:
    changed, count = CONSTANT.subn(
        lambda match: f"  always @* begin\n    if ({ONCE}) begin end\n{match[1]}  end\n", module)
    if not count:
        return module
    return HEADER.sub(lambda match: f"{match[1]}  reg {ONCE} = 1'h0;\n", changed, count=1)
