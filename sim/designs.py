"""The parts of the SoC that can be exported or synthesised alone."""

from amaranth.back import verilog
from amaranth.lib import wiring

from soc.config import SocParams
from soc.memory_map import hart_params

PARTS = ("soc", "hart", "uintc")


def part(name: str, params: SocParams) -> wiring.Component:
    """One of ``PARTS``, as the SoC with ``params`` has it."""
    if name == "soc":
        from soc.top import Soc

        return Soc(params)
    if name == "uintc":
        from hdl.uintc import Uintc, UintcParams

        return Uintc(UintcParams(harts=params.harts))
    from hdl.core.hart import Hart

    return Hart(hart_params(params))


def verilog_text(name: str, params: SocParams) -> str:
    """A part as one Verilog file, a module of the same name."""
    return verilog.convert(part(name, params), name=name, emit_src=False)
