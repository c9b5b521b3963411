"""Sizes of the devices that are compared. Those of TAIC have models for its own benches."""

from hdl.uintc import UintcParams
from tests.hdl.taic.device_bench import SHAPES

TAIC = {name: SHAPES[name] for name in ("small", "medium", "ports")}
UINTC = {"few": UintcParams(5, 2), "many": UintcParams(512, 4)}
