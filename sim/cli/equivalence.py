"""``rel4 equivalence``: proves a netlist equal to the RTL."""

from enum import Enum
from typing import Annotated

from amaranth.back import rtlil
from typer import Exit, Option

from sim.cli import app, refuse
from sim.cli.options import DEFAULT_HARTS, Config, Harts, soc_params
from sim.fpga.netlist.comparison import compare
from sim.fpga.yosys import synthesise_rtlil
from sim.parts import DEVICES, part
from sim.progress import Progress
from sim.tools import BUILD, ToolError

Target = Enum("Target", {name.upper(): name for name in DEVICES}, type=str)


@app.command()
def equivalence(
    target: Annotated[Target, Option(help="what to synthesise and to compare")],
    config: Config = "default",
    harts: Harts = DEFAULT_HARTS,
) -> None:
    """prove that the netlist of ECP5 cells computes what the RTL says

    Memories are compared by what goes into them. Exit status: 0 everything is proven, 1 some points
    are not proven (they are listed), 2 the comparison could not run.
    """
    folder = BUILD / "equivalence" / f"{target.value}-{config}-{harts}"
    try:
        text = rtlil.convert(part(target.value, soc_params(config, harts)), name="top",
                             emit_src=False)
        with Progress(f"synthesising the {target.value}, about 1 minute"):
            synthesis = synthesise_rtlil(text, folder, flatten=True)
        with Progress("comparing, about 1 minute"):
            result = compare(folder, synthesis.netlist)
    except (ToolError, ValueError) as error:
        refuse("equivalence", error)
    for name in result.unproven:
        print(f"not proven: {name}")
    print(f"{target.value}: {result.points - len(result.unproven)} of {result.points} points "
          f"proven, {result.flip_flops} flip-flops, {result.memories} memories")
    if not result.equal:
        raise Exit(1)
