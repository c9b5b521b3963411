"""The images of the workspace: ``sw/images.toml``, which explains its keys."""

import re
import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from sim.tools import CHECKOUT, PROJECT, ToolError

SOFTWARE = PROJECT / "sw"
MANIFEST = SOFTWARE / "images.toml"
NAME = re.compile(r"[A-Za-z0-9_-]+")  # of a file, and of a target of make
LANGUAGES = ("rust", "c")


class BadManifest(ToolError):
    """The manifest is wrong. The message names file and row in one line."""


@dataclass(frozen=True)
class ImageRow:
    """An image. Its paths are folders below the folder of the manifest."""

    name: str
    purpose: str
    program: str = ""
    kernel: str = ""
    root: str = ""
    archive: list[str] = field(default_factory=list)
    language: str = "rust"
    harts: int = 2
    least_harts: int = 0  # 0: the same as harts
    taic: bool = False
    memory_kib: int = 0
    suite: str = ""

    @property
    def main(self) -> str:
        """The folder of the main program. It documents what the image does."""
        return self.program or self.kernel

    @property
    def programs(self) -> tuple[str, ...]:
        """The folders of all its programs except the firmware."""
        return tuple(filter(None, (self.main, self.root, *self.archive)))

    @property
    def least(self) -> int:
        return self.least_harts or self.harts


class Manifest(dict[str, ImageRow]):
    """The images by name, in the order of the file."""

    def __init__(self, path: Path, *, sources: bool = True) -> None:
        """Reads and checks a manifest, which stands above the ``sources`` if these are there.
        Raises ``BadManifest``."""
        super().__init__()
        self.path, self.sources = path, sources
        try:
            rows = tomllib.loads(path.read_text())
        except FileNotFoundError:
            raise BadManifest(f"{path}: no such file") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadManifest(f"{path}: {error}") from None
        if not rows:
            raise BadManifest(f"{path}: has no image")
        for name, keys in rows.items():
            self[name] = self._row(name, keys)

    def image(self, name: str) -> ImageRow:
        """Returns the image ``name``. Raises ``BadManifest`` if there is none."""
        if name not in self:
            raise BadManifest(f"{self.path}: no image {name!r}; there are {', '.join(self)}")
        return self[name]

    def folder(self, program: str) -> Path:
        """Returns the folder with the sources of a program."""
        return self.path.parent / program

    def _row(self, name: str, keys: object) -> ImageRow:
        def wrong(problem: str) -> BadManifest:
            return BadManifest(f"{self.path}: [{name}]: {problem}")

        if not isinstance(keys, dict):
            raise BadManifest(f"{self.path}: {name} is outside every table")
        known = {entry.name: entry.type for entry in fields(ImageRow) if entry.name != "name"}
        for key, value in keys.items():
            if key not in known:
                raise wrong(f"no key {key!r}; there are {', '.join(known)}")
            if not _has_type(value, known[key]):
                raise wrong(f"{key} = {value!r} is of the wrong type")
        if not NAME.fullmatch(name):
            raise wrong("a name has only letters, digits, '-' and '_'")
        if not keys.get("purpose", "").strip():
            raise wrong("has no purpose")
        row = ImageRow(name, **keys)
        if problem := _problem(row):
            raise wrong(problem)
        for program in row.programs:
            if Path(program).is_absolute() or ".." in Path(program).parts:
                raise wrong(f"{program} is not below the folder of the manifest")
            if self.sources and not self.folder(program).is_dir():
                raise wrong(f"no folder {program}")
        return row


def _has_type(value: object, kind: type) -> bool:
    if kind == list[str]:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is kind


def _problem(row: ImageRow) -> str | None:
    if bool(row.program) == bool(row.kernel):
        return "needs either program or kernel"
    if row.program and (row.root or row.archive):
        return "root and archive are for a kernel"
    if row.archive and not row.root:
        return "an archive needs a root, which is its first file"
    if row.language not in LANGUAGES:
        return f"no language {row.language!r}; there are {', '.join(LANGUAGES)}"
    if not 1 <= row.least <= row.harts:
        return f"needs 1 <= least_harts <= harts, not {row.least} and {row.harts}"
    if row.memory_kib < 0:
        return f"memory_kib must not be negative, not {row.memory_kib}"
    return None


@cache
def manifest() -> Manifest:
    """The manifest of this workspace."""
    return Manifest(MANIFEST, sources=CHECKOUT)
