"""``rel4 image``: combine built programs into one bootable file."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from sim.cli import app, refuse
from sim.cli.options import Memory, soc_params
from sim.image.batch import Batch, packages
from sim.image.compose import Contents, compose
from sim.image.manifest import Manifest
from sim.model.elf import BadImage
from sim.output import write_output
from sim.tools import PROGRAMS, ToolError

FIRMWARE = PROGRAMS / "firmware.elf"


@app.command()
def image(
    names: Annotated[list[str] | None, Argument(
        metavar="[NAME ...]", help="images of the manifest, else all; with --manifest only")
    ] = None,
    output: Annotated[Path | None, Option(
        "-o", "--output", metavar="F.elf", help="the image; with --manifest, a folder for images")
    ] = None,
    kernel: Annotated[
        Path | None, Option(metavar="K.elf", help="program that the firmware starts")] = None,
    root: Annotated[
        Path | None, Option(metavar="R.elf", help="program that the kernel starts")] = None,
    archive: Annotated[list[Path] | None, Option(
        metavar="FILE", help="further file that the kernel finds by its name; may be repeated")
    ] = None,
    firmware: Annotated[Path | None, Option(
        metavar="FW.elf", help="program that starts the kernel  [default: build/sw/firmware.elf]")
    ] = None,
    no_firmware: Annotated[bool, Option(
        "--no-firmware", help="the kernel starts in M-mode, or the loader brings a firmware")
    ] = False,
    memory: Memory = 128,
    manifest: Annotated[Path | None, Option(
        metavar="F.toml", help="compose the images of a manifest, such as sw/images.toml")] = None,
    built: Annotated[Path | None, Option(
        metavar="DIR", help="where the programs of the manifest are")] = None,
    header: Annotated[Path | None, Option(
        metavar="F.h", help="the constants of the SoC, for the manifest's programs in C")] = None,
    list_packages: Annotated[bool, Option(
        "--packages", help="only print cargo's arguments for the images of the manifest")] = False,
) -> None:
    """put firmware, kernel, root task and further files into one bootable ELF file

    Exit status: 0 the image was written, 2 it was not.
    """
    try:
        params = soc_params("default", memory=memory)
        composing = {"kernel": kernel, "root": root, "archive": archive,
                     "firmware": firmware, "no-firmware": no_firmware}
        batch = {"built": built, "header": header, "packages": list_packages}
        for option, value in (composing if manifest else batch).items():
            if value:
                refuse("image", f"--{option} cannot stand beside --manifest" if manifest
                       else f"--{option} needs --manifest")
        if manifest:
            rows = Manifest(manifest)
            chosen = [rows.image(name) for name in names] if names else list(rows.values())
            if list_packages:
                print(" ".join(f"-p {package}" for package in packages(rows, chosen)))
            elif built and header and output:
                Batch(rows, built, header).write(chosen, output, params)
            else:
                refuse("image", "--manifest needs --built, --header and -o")
        elif kernel and output and not names:
            if firmware and no_firmware:
                refuse("image", "--firmware cannot stand beside --no-firmware")
            contents = Contents(kernel, None if no_firmware else firmware or FIRMWARE, root,
                                archive or ())
            if output.exists() and any(file.exists() and file.samefile(output)
                                       for file in contents.files):
                refuse("image", f"{output}: is a part of the image, and would be overwritten")
            write_output(compose(contents, params), output, sys.stdout)
        else:
            refuse("image", "needs -o and --kernel, or --manifest")
    except (BadImage, ToolError, ValueError, OSError) as error:
        refuse("image", error)
