"""The cells that each module uses, read from the placed netlist."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from sim.fpga.nextpnr import module_of, signal_name
from sim.fpga.yosys import Resources


def utilisation(netlist: Path, *, prefix: str) -> dict[str, Resources]:
    """Returns the cells of each module below the module ``prefix`` by name, submodules included.

    A cell has the name of the signal that it computes. A cell that optimisation moved across the
    border of two modules is therefore counted for one of them. The entry "" is the total.
    """
    cells = json.loads(netlist.read_text())["modules"]["top"]["cells"]
    counts: dict[str, Counter] = defaultdict(Counter)
    for name, cell in cells.items():
        # The part after a double underscore is a field of a port, not a module.
        module = re.sub(r"(\.|^)[^.]*__.*", "", module_of(signal_name(name)))
        counts[""][cell["type"]] += 1
        if module != prefix and not module.startswith(f"{prefix}."):
            continue
        parts = module.split(".")
        for end in range(prefix.count(".") + 2, len(parts) + 1):
            counts[".".join(parts[prefix.count(".") + 1:end])][cell["type"]] += 1
    return {name: Resources.of(count) for name, count in sorted(counts.items())}
