"""The register description becomes a Rust crate, by the tool that everybody uses for it."""

import subprocess

import pytest

from soc.config import CONFIGURATIONS, configuration, without_taic
from soc.generate import generate
from tests.support.lock import locked
from tests.support.sources import PROJECT

SVD2RUST = "0.37.1"
TOOLS = PROJECT / "build" / "tools"

MANIFEST = """\
[package]
name = "registers"
version = "0.1.0"
edition = "2021"

[dependencies]
vcell = "=0.1.3"

[features]
critical-section = []
rt = []

[workspace]
"""

# Registers, arrays of registers and arrays of pages can be reached.
USE = """

pub fn uses(uintc: &Uintc, taic: &Taic) -> u64 {
    uintc.send(3).write(|w| unsafe { w.bits(5) });
    taic.queue(1).dequeue().read().bits()
}
"""


def cargo(*arguments, cwd=PROJECT):
    done = subprocess.run(["cargo", *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def svd2rust():
    """The tool, built once (ten minutes of a core)."""
    with locked(TOOLS / "locks" / "svd2rust"):
        cargo("install", "svd2rust", "--quiet", "--locked", "--version", f"={SVD2RUST}", "--root",
              TOOLS, "--target-dir", TOOLS / "target")
    return TOOLS / "bin" / "svd2rust"


PARAMS = [configuration(name, harts=2) for name in CONFIGURATIONS]
PARAMS += [without_taic(configuration("default")), configuration("tiny", flash_image=0x20_0000)]


@pytest.mark.tier("all")
@pytest.mark.parametrize("params", PARAMS, ids=lambda params: params.name)
def test_crate_compiles(svd2rust, params, tmp_path):
    (tmp_path / "soc.svd").write_text(generate("svd", params))
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    source = tmp_path / "src"
    source.mkdir()
    subprocess.run([svd2rust, "-i", tmp_path / "soc.svd", "--target", "none", "-o", source],
                   check=True, capture_output=True)
    text = (source / "lib.rs").read_text()
    (source / "lib.rs").write_text(text + (USE if params.taic else ""))
    cargo("check", "--quiet", "--config", 'build.rustflags = ["-D", "warnings"]', cwd=tmp_path)
