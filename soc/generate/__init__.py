"""Descriptions of a SoC for software and readers: one module for each format.

``rel4 gen KIND`` calls ``generate(kind, params)``.
"""

from soc.config import SocParams
from soc.devicetree import dtb, dts

from .c_header import c_header
from .markdown import memory_map
from .rust import rust
from .svd import svd

GENERATORS = {
    "dts": dts,
    "dtb": dtb,
    "svd": svd,
    "c-header": c_header,
    "rust": rust,
    "memory-map": memory_map,
}


def generate(kind: str, params: SocParams) -> str | bytes:
    """The description ``kind`` of the SoC. ``ValueError`` for an unknown kind lists the known."""
    if kind not in GENERATORS:
        raise ValueError(f"cannot generate {kind!r}; there are {', '.join(GENERATORS)}")
    return GENERATORS[kind](params)


__all__ = ["GENERATORS", "generate"]
