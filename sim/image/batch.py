"""Composes the images of the manifest from built programs."""

import os
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.image.c_program import COMPILER, PACKAGE, build_c, has_compiler
from sim.image.compose import Contents, compose
from sim.image.manifest import BadManifest, ImageRow, Manifest
from sim.output import write_output
from soc.config import DRAM_BASE, SocParams
from soc.memory_map import PAYLOAD_BASE

FIRMWARE = "firmware"
COMPOSER = sorted(Path(__file__).parent.glob("*.py"))


@dataclass(frozen=True)
class Batch:
    """The manifest, the folder of its built programs, and the SoC's constants for programs in C."""

    manifest: Manifest
    built: Path
    header: Path

    def write(self, rows: Sequence[ImageRow], folder: Path, params: SocParams) -> None:
        """Writes ``folder``/NAME.elf for each image that is older than its inputs.

        Without a compiler for C, prints one line and skips the images in C. Raises ``BadPart``,
        ``BadManifest``, ``ToolError``, ``OSError``.
        """
        left_out = []
        for row in rows:
            if row.language == "c" and not has_compiler():
                left_out.append(row.name)
                continue
            contents = self._contents(row)
            image = folder / f"{row.name}.elf"
            if not _is_newer(image, [self.manifest.path, *COMPOSER, *contents.files]):
                write_output(compose(contents, params), image, sys.stdout)
                os.utime(image)  # even if the contents are unchanged
        if left_out:
            print(f"without {', '.join(left_out)}: {COMPILER} is not installed (apt-get install "
                  f"{PACKAGE})")

    def _contents(self, row: ImageRow) -> Contents:
        main, *others = (self.built / name for name in binaries(self.manifest, row))
        if row.language == "c":
            base = PAYLOAD_BASE if row.kernel else DRAM_BASE
            build_c(self.manifest.folder(row.main), main, base, self.header)
        root, *archive = others or [None]
        return Contents(main, self.built / FIRMWARE if row.kernel else None, root, archive)


def binaries(manifest: Manifest, row: ImageRow) -> list[str]:
    """Returns the names of the built programs of an image."""
    return [row.name if row.language == "c" and program == row.main
            else _package(manifest, program) for program in row.programs]


def packages(manifest: Manifest, rows: Sequence[ImageRow]) -> list[str]:
    """Returns the cargo packages that these images contain."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(binaries(manifest, row)[row.language == "c":])
        if row.kernel:
            names[FIRMWARE] = None
    return list(names)


def _package(manifest: Manifest, program: str) -> str:
    """Returns the cargo package of the program in a folder. Its binary has the same name."""
    file = manifest.folder(program) / "Cargo.toml"
    try:
        return tomllib.loads(file.read_text())["package"]["name"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        raise BadManifest(f"{manifest.path}: {file} is not that of a package") from None


def _is_newer(image: Path, files: Iterable[Path]) -> bool:
    if not image.exists():
        return False
    time = image.stat().st_mtime_ns
    return all(file.exists() and file.stat().st_mtime_ns < time for file in files)
