"""The figures kept from the JSON of ``rel4 synth`` and ``rel4 build``: resources and clocks."""

import re
from typing import Any

RESOURCES = ("luts", "lut_ram_luts", "ffs", "block_rams", "dsps")
DEPTH = 2  # levels of modules that are kept
ARRIVALS = 8  # arrivals that are kept, latest first


def synth_values(result: dict[str, Any]) -> dict[str, Any]:
    """The flattened target, the resources of each module alone, and the clock for each seed."""
    units = {re.sub(r"\$[^.]*", "", name.partition(".")[2]): resources(r)
             for name, r in result["modules"].items() if 1 <= name.count(".") <= DEPTH}
    mhz = {str(p["seed"]): round(p["fmax_mhz"], 1) for p in result["placements"]}
    return {"values": resources(result["total"]) | {"units": units, "mhz": mhz}}


def board_values(result: dict[str, Any]) -> dict[str, Any]:
    """The same for a board, with the device's use and the slowest path of the best seed."""
    best = next(p for p in result["placements"] if p["seed"] == result["best_seed"])
    units = {name: resources(r) for name, r in result["modules"].items()
             if name and name.count(".") < DEPTH}
    mhz = {str(p["seed"]): round(p["clocks"][0]["achieved_mhz"], 1) for p in result["placements"]}
    used = {kind: round(100 * part / whole) for kind, (part, whole) in best["utilisation"].items()
            if whole}
    return {"values": resources(result["modules"][""]) | {
        "units": units,
        "mhz": mhz,
        "best_seed": result["best_seed"],
        "reached_mhz": mhz[str(result["best_seed"])],
        "wanted_mhz": result["clock_mhz"],
        "used": used,
        "slowest": best["critical"]["end"],
        "arrivals": [[round(a["ns"], 1), a["module"]] for a in best["arrivals"][:ARRIVALS]],
    }}


def resources(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in RESOURCES}
