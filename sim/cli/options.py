"""Options that several verbs share."""

from typing import Annotated

from typer import Option

from soc.config import SocParams, configuration, without_taic

Config = Annotated[str, Option(metavar="NAME", help="configuration: tiny, default or full")]
DEFAULT_HARTS = SocParams.harts

Harts = Annotated[int, Option(metavar="N", help="number of harts")]
Memory = Annotated[int, Option(metavar="MIB", help="size of DRAM in MiB")]
NoTaic = Annotated[bool, Option("--no-taic", help="a SoC without TAIC")]


def soc_params(config: str, harts: int = DEFAULT_HARTS, memory: int = 128, *,
               no_taic: bool = False) -> SocParams:
    """Returns the parameters that the options name. Raises ``ValueError`` for invalid options."""
    params = configuration(config, harts=harts, dram_bytes=memory << 20)
    return without_taic(params) if no_taic else params
