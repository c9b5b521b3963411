"""Finds the memories of a compiled model that the harness reads: registers and trap values.

Verilator keeps the memories of the design as they are, so nothing has to be brought out for them,
which would cost simulation time. A design without a hart, or a netlist, has none of them.
"""

import re
from pathlib import Path

from hdl.core.csr.storage import UTVAL_INDEX

ROOT_CLASS = "Vmodel___024root.h"
_SCOPE = r"(\w+__DOT__hart(\d+)__DOT__"
REGISTERS = re.compile(_SCOPE + r"pipeline__DOT__decode__DOT__registers__DOT__registers);")
TVALS = re.compile(_SCOPE + r"csr__DOT__storage__DOT__memory);")


def memories_header(verilated: Path, harts: int) -> str:
    """Returns ``memories.h`` for the model in ``verilated``."""
    text = (verilated / ROOT_CLASS).read_text()
    lines = ["// Generated: the memories that the harness reads.", "#pragma once",
             f'#include "{ROOT_CLASS}"', f"constexpr unsigned UTVAL_INDEX = {UTVAL_INDEX};"]
    for name, pattern in (("HART_REGISTERS", REGISTERS), ("HART_TVALS", TVALS)):
        found = {int(hart): memory for memory, hart in pattern.findall(text)}
        shown = found if sorted(found) == list(range(harts)) else {}
        elements = " ".join(f"X({hart}, {memory})" for hart, memory in sorted(shown.items()))
        lines.append(f"#define {name}(X) {elements}")
    return "\n".join([*lines, ""])
