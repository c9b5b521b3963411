"""What each module takes of the device, read from the netlist that is placed."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from sim.fpga.nextpnr import module_of, signal_name
from sim.fpga.yosys import Resources


def utilisation(netlist: Path, *, prefix: str) -> dict[str, Resources]:
    """The cells of each module below the module ``prefix``, submodules included, by name.

    Cells have the names of the signals that they compute, so those that optimisation has moved
    across the border of two modules are counted for one of them. The entry "" is everything.
    """
    cells = json.loads(netlist.read_text())["modules"]["top"]["cells"]
    counts: dict[str, Counter] = defaultdict(Counter)
    for name, cell in cells.items():
        # What follows a double underscore is a field of a port, not a module.
        module = re.sub(r"(\.|^)[^.]*__.*", "", module_of(signal_name(name)))
        counts[""][cell["type"]] += 1
        if module != prefix and not module.startswith(f"{prefix}."):
            continue
        parts = module.split(".")
        for end in range(prefix.count(".") + 2, len(parts) + 1):
            counts[".".join(parts[prefix.count(".") + 1:end])][cell["type"]] += 1
    return {name: Resources.of(count) for name, count in sorted(counts.items())}
