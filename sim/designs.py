"""The parts of the SoC that can be exported or synthesised alone."""

from amaranth.back import verilog
from amaranth.lib import wiring

from hdl.core.hart import Hart
from soc.config import SocParams
from soc.memory_map import hart_params
from soc.top import Soc


def part(name: str, params: SocParams) -> wiring.Component:
    """``soc`` or ``hart``, as the SoC with ``params`` has it."""
    return {"soc": lambda: Soc(params), "hart": lambda: Hart(hart_params(params))}[name]()


def verilog_text(name: str, params: SocParams) -> str:
    """A part as one Verilog file, module ``soc`` or ``hart``."""
    return verilog.convert(part(name, params), name=name, emit_src=False)
