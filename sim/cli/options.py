"""Options that several verbs share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Option

from soc.config import DRAM_BASE, SocParams, configuration, without_taic
from soc.settings import with_settings

Config = Annotated[str, Option(metavar="NAME", help="configuration: tiny, default or full")]
DEFAULT_HARTS = SocParams.harts

Harts = Annotated[int, Option(metavar="N", help="number of harts")]
Memory = Annotated[int, Option(metavar="MIB", help="size of DRAM in MiB")]
NoTaic = Annotated[bool, Option("--no-taic", help="a SoC without TAIC")]
Settings = Annotated[list[str] | None, Option(
    "--set", metavar="NAME=VALUE",
    help="another value for a parameter of the SoC, such as taic.tasks=2048; may be repeated")]
CommitLog = Annotated[Path | None, Option(
    metavar="F", help="write a line for every retired instruction")]
ResultJson = Annotated[Path | None, Option(metavar="F", help="write the result as JSON")]
ToHost = Annotated[bool, Option(
    "--tohost", help="the program ends by writing the symbol tohost")]
MIB = 1 << 20


def soc_params(config: str, harts: int = DEFAULT_HARTS, memory: int = 128, *,
               no_taic: bool = False, settings: Sequence[str] | None = None) -> SocParams:
    """Returns the parameters that the options name. Raises ``ValueError`` for invalid options."""
    params = configuration(config)
    most = ((1 << params.hart.paddr_bits) - DRAM_BASE) // MIB
    if not 1 <= memory <= most:
        raise ValueError(f"--memory must be from 1 to {most} MiB, not {memory}")
    params = configuration(config, harts=harts, dram_bytes=memory * MIB)
    if no_taic:
        params = without_taic(params)
    return with_settings(params, settings or ())
