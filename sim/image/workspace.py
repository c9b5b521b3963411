"""Composes the images of the manifest from the programs that cargo built."""

import os
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from sim.image.compose import Contents, compose
from sim.image.manifest import BadManifest, ImageRow, Manifest
from sim.output import write_output
from soc.config import SocParams

FIRMWARE = "firmware"


def package(manifest: Manifest, program: str) -> str:
    """The cargo package of the program in a folder; its binary has the same name."""
    file = manifest.folder(program) / "Cargo.toml"
    try:
        return tomllib.loads(file.read_text())["package"]["name"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        raise BadManifest(f"{manifest.path}: {file} is not that of a package") from None


def packages(manifest: Manifest, rows: Sequence[ImageRow]) -> list[str]:
    """The cargo packages of which these images consist."""
    names = {package(manifest, program): None for row in rows if row.language == "rust"
             for program in row.programs}
    if any(row.kernel for row in rows):
        names[FIRMWARE] = None
    return list(names)


def write_images(manifest: Manifest, rows: Sequence[ImageRow], built: Path, folder: Path,
                 params: SocParams) -> None:
    """Writes ``folder``/NAME.elf for each image, from the programs in ``built``.

    An image that is newer than all that it is made of stays as it is. Raises ``BadPart``,
    ``BadManifest``, ``OSError``.
    """
    for row in rows:
        main, *others = (built / package(manifest, program) for program in row.programs)
        root, *archive = others or [None]
        contents = Contents(main, built / FIRMWARE if row.kernel else None, root, archive)
        image = folder / f"{row.name}.elf"
        if not _is_newer(image, [manifest.path, *COMPOSER, *contents.files]):
            write_output(compose(contents, params), image, sys.stdout)
            os.utime(image)  # also if it is the same as before


COMPOSER = sorted(Path(__file__).parent.glob("*.py"))


def _is_newer(image: Path, files: Iterable[Path]) -> bool:
    if not image.exists():
        return False
    time = image.stat().st_mtime_ns
    return all(file.exists() and file.stat().st_mtime_ns < time for file in files)
