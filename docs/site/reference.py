"""Pages that are made from the code: registers, downloads, Python modules, Rust crates."""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from soc.config import configuration
from soc.generate import generate

PACKAGES = ("hdl", "soc", "sim")
DOWNLOADS = {  # kind of `rel4 gen`: file name, what it is
    "dts": ("soc.dts", "device tree, source"),
    "dtb": ("soc.dtb", "device tree, as the boot ROM holds it"),
    "svd": ("soc.svd", "registers for debuggers and `svd2rust`"),
    "c-header": ("soc.h", "addresses and registers for C"),
    "rust": ("soc.rs", "the same for Rust"),
}


def write_downloads(folder: Path) -> None:
    """The files of ``rel4 gen`` for the default configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, (name, _) in DOWNLOADS.items():
        made = generate(kind, configuration("default"))
        (folder / name).write_bytes(made if isinstance(made, bytes) else made.encode())


def register_pages(target: Path) -> list[str]:
    """The memory map, a page for each device with registers; returns their names."""
    text = generate("memory-map", configuration("default"))
    head, *devices = text.split("\n## ")
    pages = {"memory-map": head + "\n"}
    for device in devices:
        name = device.split("`")[1]
        pages[name] = "# " + device.replace("\n### ", "\n## ").replace("\n#### ", "\n### ")
    pages["memory-map"] += "\n".join(
        ["", "Registers:", "", *(f"- [{pages[name].split(' (`')[0].removeprefix('# ')}]({name}.md)"
                                for name in pages if name != "memory-map"), ""])
    for name, page in pages.items():
        (target / f"{name}.md").write_text(page)
    return list(pages)


def downloads_page() -> str:
    rows = [f"| <a href=\"../downloads/{name}\">{name}</a> | {what} | `rel4 gen {kind}` |"
            for kind, (name, what) in DOWNLOADS.items()]
    return "\n".join([
        "# Files for other tools", "",
        "Configuration `default`, two harts. The command makes the same for other configurations.",
        "", "| file | what | command |", "| --- | --- | --- |", *rows, ""])


def rust_page(crates: list[str]) -> str:
    rows = [f"- <a href=\"../rust/{crate}/index.html\">{crate}</a>" for crate in crates]
    return "\n".join(["# Rust libraries", "", "What `cargo doc` makes of the workspace in `sw`.",
                      "", *rows, ""])


def python_pages(target: Path) -> list[str]:
    """A page for each Python package; returns their names."""
    names = []
    for package in PACKAGES:
        for module in _packages(importlib.import_module(package)):
            names.append(module.__name__)
            (target / f"{module.__name__}.rst").write_text(_package_page(module))
    return names


def _packages(package: ModuleType) -> list[ModuleType]:
    inner = [importlib.import_module(f"{package.__name__}.{found.name}")
             for found in pkgutil.iter_modules(package.__path__) if found.ispkg]
    return [package, *(each for one in inner for each in _packages(one))]


def _package_page(package: ModuleType) -> str:
    name = package.__name__
    lines = [f"``{name}``", "=" * (len(name) + 4), "", f".. automodule:: {name}",
             "   :no-members:", ""]
    for found in pkgutil.iter_modules(package.__path__):
        if found.ispkg or found.name == "__main__":
            continue
        title = f"``{name}.{found.name}``"
        lines += [title, "-" * len(title), "", f".. automodule:: {name}.{found.name}", ""]
    return "\n".join(lines)
