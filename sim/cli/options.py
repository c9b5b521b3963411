"""Options that several verbs share."""

from typing import Annotated

from typer import Option

from soc.config import SocParams, configuration

Config = Annotated[str, Option(metavar="NAME", help="configuration: tiny, default or full")]
DEFAULT_HARTS = SocParams.harts

Harts = Annotated[int, Option(metavar="N", help="number of harts")]
Memory = Annotated[int, Option(metavar="MIB", help="size of DRAM in MiB")]


def soc_params(config: str, harts: int = DEFAULT_HARTS, memory: int = 128) -> SocParams:
    """The parameters that the options name; ``ValueError`` says what is wrong with them."""
    return configuration(config, harts=harts, dram_bytes=memory << 20)
