"""Builds the wheel: the folders of the checkout below one package, ``rel4_soc``.

In the checkout, ``hdl``, ``soc``, ``boards`` and ``sim`` are top-level packages, and their imports
say so. Names like these would collide in an environment of others. So the wheel has them as
``rel4_soc.hdl`` and so on, and the imports are rewritten while it is built. An editable install is
the checkout as it is.
"""

import ast
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

PACKAGE = "rel4_soc"
FOLDERS = ("boards", "hdl", "sim", "soc")
HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "build" / "sw"
IN_CHECKOUT = find_packages(str(HERE), include=[f"{name}*" for name in (*FOLDERS, PACKAGE)])


def installed(source: str, path: Path) -> str:
    """Returns ``source`` with its imports of ``FOLDERS`` below ``PACKAGE``."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source, str(path))):
        if isinstance(node, ast.Import):
            if any(_is_ours(alias.name) for alias in node.names):
                raise SystemExit(f"{path}:{node.lineno}: write `from … import …`, so that the "
                                 "wheel can have it below its package")
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_ours(node.module or ""):
            line = lines[node.lineno - 1].encode()
            at = node.col_offset
            assert line[at:].startswith(f"from {node.module} ".encode()), (path, node.lineno)
            at += len("from ")
            lines[node.lineno - 1] = (line[:at] + f"{PACKAGE}.".encode() + line[at:]).decode()
    return "".join(lines)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in FOLDERS


class BuildPackage(build_py):
    """Rewrites modules, and adds the programs that ``make sw`` built."""

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # may have files of another revision
        super().run()
        if not self.editable_mode:
            self._add_programs()

    def build_module(self, module, module_file, package):
        target, copied = super().build_module(module, module_file, package)
        if not self.editable_mode:
            path = Path(target)
            path.write_text(installed(path.read_text(), Path(module_file)))
        return target, copied

    def _add_programs(self) -> None:
        programs = sorted(PROGRAMS.glob("*.elf"))
        if not programs:
            raise SystemExit(f"no programs in {PROGRAMS}: make sw")
        root = Path(self.build_lib) / PACKAGE
        told = PROGRAMS / "compiler.txt"
        for folder, files in ((root / "programs", programs + [told] * told.exists()),
                              (root / "sw", [HERE / "sw" / "images.toml"])):
            folder.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copyfile(file, folder / file.name)


class EditableCheckout(editable_wheel):
    """Makes the packages of the checkout importable under the names that they have there."""

    def initialize_options(self) -> None:
        super().initialize_options()
        self.distribution.packages = IN_CHECKOUT
        self.distribution.package_dir = {}


if __name__ == "__main__":
    setup(
        packages=[name if name == PACKAGE else f"{PACKAGE}.{name}" for name in IN_CHECKOUT],
        package_dir={PACKAGE: PACKAGE} | {f"{PACKAGE}.{name}": name for name in FOLDERS},
        package_data={
            PACKAGE: ["py.typed"],
            f"{PACKAGE}.sim.model": ["harness/*"],
            f"{PACKAGE}.sim.fpga.netlist": ["cells/*.v"],
            f"{PACKAGE}.sim.conformance": ["port/*"],
        },
        include_package_data=False,
        cmdclass={"build_py": BuildPackage, "editable_wheel": EditableCheckout},
    )
