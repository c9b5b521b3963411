"""An image that seL4's build made: its boot loader with an archive of kernel and root task.

The loader ("elfloader") is an ELF file. Its archive lies in one of its segments, from the symbol
``_archive_start`` to ``_archive_end``: the kernel, called ``kernel.elf``, perhaps a device tree
``kernel.dtb``, then the root task. The loader's code holds the addresses of what lies behind the
archive, so an archive of another size is linked with the loader's objects in the build folder.
"""

import io
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from sim.image.archive import BadArchive, File, read_archive, write_archive
from sim.image.c_program import COMPILER, PACKAGE

KERNEL, TREE = "kernel.elf", "kernel.dtb"
_IMAGES = "images/sel4test-driver-image-riscv-*"
_FIRST, _END = "_archive_start", "_archive_end"
# In the build folder.
_OBJECTS = "elfloader/CMakeFiles/elfloader.dir"
_SCRIPT = "elfloader/linker.lds_pp"
_LIBRARY = "apps/sel4test-driver/util_libs/libcpio/libcpio.a"
# The loader expects the archive's bytes in this section, and its end as this symbol.
_SOURCE = """
.section ._archive_cpio, "aw"
.globl _archive_start_end
.incbin "{}"
_archive_start_end:
"""


class BadSuite(Exception):
    """What was given is no image of seL4's tests, or it cannot be used. The message says why."""


@dataclass(frozen=True)
class LoaderImage:
    """The files in the archive of a boot loader, and the build folder where the loader is."""

    folder: Path
    files: tuple[File, ...]

    @classmethod
    def load(cls, folder: Path) -> "LoaderImage":
        """Reads the image in a build folder of sel4test. Raises ``BadSuite``."""
        found = sorted(folder.glob(_IMAGES))
        if len(found) != 1:
            many = "more than one file" if found else "no file"
            raise BadSuite(f"{folder}: {many} {_IMAGES}; is it a build folder of sel4test?")
        path, = found
        try:
            files = tuple(read_archive(_between(path.read_bytes(), _FIRST, _END)))
        except OSError as error:
            raise BadSuite(f"{path}: cannot be read: {error.strerror}") from None
        except (BadArchive, BadSuite) as error:
            raise BadSuite(f"{path}: {error}") from None
        names = [file.name for file in files]
        if names[:1] != [KERNEL] or len(files) < 2 or names[1:] == [TREE]:
            raise BadSuite(f"{path}: the archive holds {', '.join(names) or 'nothing'}, not "
                           f"{KERNEL} and a root task")
        return cls(folder, files)

    @property
    def root(self) -> File:
        """The root task's ELF file."""
        return self.files[2 if self.files[1].name == TREE else 1]

    def with_file(self, name: str, contents: bytes) -> "LoaderImage":
        """Returns the image with other contents of a file."""
        archive = write_archive((file.name, contents if file.name == name else file.contents)
                                for file in self.files)
        return replace(self, files=tuple(read_archive(archive)))

    def link(self, output: Path) -> None:
        """Writes the loader with its archive to the ELF file ``output``. Raises ``BadSuite``."""
        objects = sorted((self.folder / _OBJECTS).rglob("*.obj"))
        script, library = (self.folder / name for name in (_SCRIPT, _LIBRARY))
        for file in (script, library, *(objects or [self.folder / _OBJECTS])):
            if not file.is_file():
                raise BadSuite(f"{file}: no such file; build all of the folder first")
        if shutil.which(COMPILER) is None:
            raise BadSuite(f"{COMPILER}: not found; it is in Debian's package {PACKAGE}")
        with tempfile.TemporaryDirectory() as scratch:
            archive, source = Path(scratch) / "archive.cpio", Path(scratch) / "archive.S"
            archive.write_bytes(write_archive((f.name, f.contents) for f in self.files))
            source.write_text(_SOURCE.format(archive))
            done = subprocess.run(
                [COMPILER, "-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-nostdlib",
                 "-static", f"-Wl,-T,{script}", "-Wl,--build-id=none", *map(str, objects),
                 str(source), str(library), "-lgcc", "-o", str(output)],
                capture_output=True, text=True, check=False)
        if done.returncode:
            raise BadSuite(f"{self.folder}: the loader does not link: "
                           f"{done.stderr.strip().splitlines()[-1]}")


def _between(data: bytes, first: str, end: str) -> bytes:
    """Returns what lies between two symbols of an ELF file. Raises ``BadSuite``."""
    try:
        elf = ELFFile(io.BytesIO(data))
        table = elf.get_section_by_name(".symtab")
        found = [table.get_symbol_by_name(name) if table else None for name in (first, end)]
        if not all(found):
            raise BadSuite(f"no symbols {first} and {end}")
        start, stop = (symbols[0]["st_value"] for symbols in found)
        offsets = list(elf.address_offsets(start, stop - start)) if stop > start else []
    except ELFError:
        raise BadSuite("no ELF file") from None
    if not offsets:
        raise BadSuite(f"nothing lies between the symbols {first} and {end}")
    return data[offsets[0]:offsets[0] + stop - start]
