"""Generates Verilog of a component for simulators."""

from amaranth.back import verilog
from amaranth.lib import wiring


def simulation_verilog(component: wiring.Component, name: str) -> str:
    """Elaborates ``component`` as the module ``name``.

    If some bits of a signal are constant, Amaranth writes ``always @*`` blocks that read nothing.
    By the rules of Verilog these never run, so simulators leave the bits 0. ``always_comb`` blocks
    run once at the start and are used instead.
    """
    text = verilog.convert(component, name=name, emit_src=False)
    return text.replace("always @*", "always_comb")
