"""Scripts that set a machine up say in one line what is missing, before anything is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sim.tools import PROJECT

NEEDED = ("cat", "dirname", "grep", "ls", "sed", "sh", "tail")  # to run the scripts at all


@pytest.fixture
def bare(tmp_path) -> Path:
    """Returns a folder of programs as on a bare Debian, for a user without rights."""
    for name in NEEDED:
        (tmp_path / name).symlink_to(shutil.which(name))
    for name, text in (("id", "echo 1000"), ("sudo", "exit 1"), ("apt-get", "exit 9")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(script: str, *arguments: str, path: str = os.environ["PATH"]):
    return subprocess.run([PROJECT / "scripts" / script, *arguments], capture_output=True,
                          text=True, env={"PATH": path, "HOME": "/nonexistent"})


@pytest.mark.parametrize(("arguments", "more"), [
    ((), ()), (("tests",), ("gcc-riscv64-unknown-elf", "python3-dev", "cpio", "iverilog"))])
def test_all_missing_packages_are_in_one_line(bare, arguments, more):
    done = run("debian-packages.sh", *arguments, path=str(bare))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    start = "Missing Debian packages; install them with: sudo apt-get install -y " \
            "--no-install-recommends "
    assert line.startswith(start)
    packages = line.removeprefix(start).split()
    assert {"python3-venv", "g++", "zlib1g-dev", "device-tree-compiler", *more} <= set(packages)
    debian = "ID=debian" in Path("/etc/os-release").read_text().splitlines()
    assert ("rustc-web" in packages) == debian  # elsewhere the Rust script names rustup
    assert len(packages) == len(set(packages))
    assert ("iverilog" in packages) == ("iverilog" in more)


def test_no_rust_toolchain(bare):
    done = run("rust-toolchain.sh", str(bare / "rust.mk"), path=str(bare))
    assert done.returncode == 1 and not (bare / "rust.mk").exists()
    assert done.stderr.startswith("Missing Rust >= 1.91 for riscv64imac-unknown-none-elf")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("-w", "nobody"), ("-x",)])
def test_fresh_machine_refuses(tmp_path, arguments):
    done = run("fresh-machine", "-d", str(tmp_path / "machines"), *arguments)
    assert done.returncode == 2 and not (tmp_path / "machines").exists()
