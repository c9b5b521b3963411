"""Verilog of a component, for other tools."""

import re

from amaranth.back import verilog
from amaranth.lib import wiring

# A Yosys process without inputs.
CONSTANT = re.compile(r"^  always @\*\n(    [^\n;]+ = \d+'h[0-9a-f]+;\n)", re.MULTILINE)
HEADER = re.compile(r"^(module [^;]*;\n)", re.MULTILINE)
ONCE = "\\constant$once "


def verilog_text(component: wiring.Component, name: str) -> str:
    """Plain Verilog-2001 of ``component``, with ``name`` as the top module.

    Where some bits of a signal are constant, Amaranth writes ``always @*`` blocks without inputs.
    By the rules of Verilog these never run, and a simulator would leave the bits unknown. Here
    such blocks read a register, like those that Yosys itself writes for this case.
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
