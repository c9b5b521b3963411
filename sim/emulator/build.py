"""Builds the emulator. Built programs are kept in ``build/emulator``, by what decides them."""

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

from sim.progress import Progress
from sim.tools import BUILD, PROJECT, ToolError
from soc.config import SocParams
from soc.generate import generate

CRATE = Path(__file__).parent
BUILT = BUILD / "emulator"
KEPT = 4
LIBRARY = "libemulator.so"


def build_emulator() -> Path:
    """Returns the emulator's program. Builds it if it does not exist.

    If several processes want it at the same time, one builds it and the others wait. Raises
    ``ToolError`` if the build fails.
    """
    constants = generate("rust", SocParams())
    environment = cargo_environment()
    key = _key(constants, environment)
    program = BUILT / key / "emulator"
    if program.exists():
        os.utime(program.parent)
        return program
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            with Progress("building the emulator, about 30 s"):
                _build(program, constants, environment)
            _prune(keep=key)
    return program


def build_library() -> Path:
    """Returns the emulator as a library, for lockstep. Builds it if it does not exist."""
    return build_emulator().parent / LIBRARY


def cargo_environment() -> dict[str, str]:
    """The environment in which cargo finds the toolchain that ``make setup`` chose."""
    environment = dict(os.environ)
    makefile = BUILD / "rust.mk"
    if makefile.exists():
        for folder in re.findall(r"^export PATH := \$\(PATH\):(.*)$", makefile.read_text(), re.M):
            environment["PATH"] += os.pathsep + folder
    if shutil.which("cargo", path=environment["PATH"]) is None:
        raise ToolError("cargo is missing: make setup")
    return environment


def _build(program: Path, constants: str, environment: dict[str, str]) -> None:
    soc = BUILT / "soc.rs"
    if not soc.exists() or soc.read_text() != constants:
        soc.write_text(constants)
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--target-dir",
               str(BUILT / "target")]
    log = BUILT / "build.log"
    with log.open("w") as output:
        output.write(f"$ {shlex.join(command)}\n")
        output.flush()
        # The settings of sw/.cargo are for the target; those of the host are cargo's own.
        done = subprocess.run(command, cwd=CRATE, env=environment | {"SOC_RS": str(soc)},
                              stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    if done.returncode:
        raise ToolError(f"cargo failed while the emulator was built, see {log}")
    program.parent.mkdir(exist_ok=True)
    # The program last: it says that all is there.
    for name in (LIBRARY, program.name):
        partial = program.parent / f"{name}.partial"
        shutil.copy2(BUILT / "target" / "release" / name, partial)
        partial.rename(program.parent / name)


def _key(constants: str, environment: dict[str, str]) -> str:
    digest = hashlib.sha256()
    files = [CRATE / name for name in ("Cargo.toml", "Cargo.lock", "build.rs")]
    files += sorted((CRATE / "src").rglob("*.rs"))
    texts = [_rustc(environment["PATH"]), constants]
    texts += [text for path in files
              for text in (str(path.relative_to(PROJECT)), path.read_text())]
    for text in texts:
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()[:20]


@cache
def _rustc(path: str) -> str:
    command = shutil.which("rustc", path=path)
    if command is None:
        raise ToolError("rustc is missing: make setup")
    return subprocess.run([command, "-vV"], capture_output=True, text=True, check=True).stdout


def _prune(keep: str) -> None:
    """Removes the least recently used programs."""
    built = [p.parent for p in BUILT.glob("*/emulator") if p.parent.name != keep]
    built.sort(key=lambda p: p.stat().st_mtime, reverse=True)
    for folder in built[KEPT - 1:]:
        shutil.rmtree(folder, ignore_errors=True)
