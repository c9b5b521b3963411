"""Options that several verbs share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from sim.image.boot import Boot, compose_boot
from sim.model.run_options import BadArgument
from sim.tools import BUILD
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
Image = Annotated[Path | None, Argument(
    metavar="[IMAGE.elf]", help="program to run; or --kernel")]
Kernel = Annotated[Path | None, Option(
    metavar="Image", help="kernel to boot, such as Linux: an Image or an ELF file")]
Initrd = Annotated[Path | None, Option(metavar="F", help="initial RAM disk for the kernel")]
Append = Annotated[str | None, Option(metavar="ARGS", help="command line for the kernel")]
Firmware = Annotated[Path | None, Option(
    metavar="FW.elf", help="program that starts the kernel [default: build/sw/firmware.elf]")]
FIRMWARE = BUILD / "sw" / "firmware.elf"
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


def chosen_program(image: Path | None, kernel: Path | None, initrd: Path | None,
                   append: str | None, firmware: Path | None, params: SocParams) -> Path:
    """The program to run: ``image``, or a file in memory that boots ``kernel``.

    Raises ``BadArgument`` for options that do not fit together, and ``BadPart``.
    """
    if kernel is None:
        if initrd or append is not None or firmware:
            raise BadArgument("--initrd, --append and --firmware need --kernel")
        if image is None:
            raise BadArgument("needs a program, or --kernel")
        return image
    if image is not None:
        raise BadArgument("a program and --kernel are two different things")
    boot = Boot(kernel, firmware or FIRMWARE, initrd, append)
    file = os.memfd_create("rel4-boot", 0)  # is there until the run ends
    with os.fdopen(os.dup(file), "wb") as stream:
        stream.write(compose_boot(boot, params))
    return Path(f"/proc/self/fd/{file}")
