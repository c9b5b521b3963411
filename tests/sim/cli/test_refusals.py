"""A command that cannot be done gives one line and exit status 2, and writes nothing."""

import pytest
from typer.testing import CliRunner

from sim.cli import app, load_verbs
from tests.support.elf import DRAM_BASE, X86_64, Part, elf32, elf64

CODE = bytes(64)
GOOD = elf64([Part(CODE)])

load_verbs()


@pytest.fixture
def rel4(tmp_path, monkeypatch):
    """Runs ``rel4`` with arguments in an empty folder that holds ``good.elf``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.elf").write_bytes(GOOD)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def refused(result, text: str) -> None:
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert text in result.stderr


IMAGES = {
    "not an ELF file": b"hello\n",
    "a 32-bit program": elf32(),
    "one for x86-64": elf64([Part(CODE)], machine=X86_64),
    "truncated": GOOD[:130],
    "lies outside DRAM": elf64([Part(CODE, 0x1000)], entry=0x1000),
    "outside every segment": elf64([Part(CODE)], entry=DRAM_BASE + 4096),
}


@pytest.mark.parametrize("text", IMAGES)
def test_bad_image(rel4, tmp_path, text):
    (tmp_path / "bad.elf").write_bytes(IMAGES[text])
    result = rel4("sim", "bad.elf", "--json", "out.json", "--commit-log", "out.log")
    refused(result, text)
    assert result.stderr.startswith("rel4 sim: bad.elf: ")
    assert {p.name for p in tmp_path.iterdir()} == {"good.elf", "bad.elf"}


def test_missing_image(rel4):
    refused(rel4("sim", "none.elf"), "rel4 sim: none.elf: no such file")


def test_directory(rel4):
    refused(rel4("sim", "."), "rel4 sim: .: is a directory")


def test_segment_outside_a_small_memory(rel4, tmp_path):
    (tmp_path / "big.elf").write_bytes(elf64([Part(CODE, DRAM_BASE, 17 << 20)]))
    refused(rel4("sim", "big.elf", "--memory", 16), "lies outside DRAM (0x80000000..0x81000000)")


ARGUMENTS = {
    "no configuration 'huge'; there are tiny, default, full": ["--config", "huge"],
    "latency must be a number of cycles": ["--latency", "fast"],
    "harts must be": ["--harts", "0"],
    "dram_bytes must be": ["--memory", "0"],
    "max-cycles must be at least 1": ["--max-cycles", "0"],
    "no symbol tohost": ["--tohost"],
    "nowhere/out.json: no such directory": ["--json", "nowhere/out.json"],
    "nowhere/out.fst: no such directory": ["--trace", "nowhere/out.fst"],
    "good.elf/out.log: no such directory": ["--commit-log", "good.elf/out.log"],
    ".: is a directory": ["--json", "."],
}


@pytest.mark.parametrize("text", ARGUMENTS)
def test_bad_argument(rel4, tmp_path, text):
    refused(rel4("sim", "good.elf", *ARGUMENTS[text]), text)
    assert [p.name for p in tmp_path.iterdir()] == ["good.elf"]


@pytest.mark.parametrize("verb, metavar", [("sim", "IMAGE.elf"), ("gen", "dts|dtb|svd"),
                                           ("verilog", "soc|hart"), ("bench", "[SUITE ...]"),
                                           ("synth", "SEEDS"), ("conformance", "riscv-tests"),
                                           ("account", "WAVE.fst"), ("build", "BOARD"),
                                           ("program", "BOARD"), ("load", "PORT"),
                                           ("run", "--board")])
def test_every_verb_has_help(rel4, verb, metavar):
    result = rel4(verb, "--help")
    assert result.exit_code == 0
    assert metavar in result.stdout


@pytest.mark.parametrize("kind, text", [("dts", "riscv,sv39"), ("c-header", "#define"),
                                        ("rust", "pub const"), ("svd", "<peripheral"),
                                        ("memory-map", "0x1000_0000")])
def test_gen(rel4, tmp_path, kind, text):
    assert rel4("gen", kind, "-o", "out").exit_code == 0
    written = (tmp_path / "out").read_text()
    assert text in written
    assert rel4("gen", kind).stdout == written


def test_gen_refuses_what_it_cannot_write(rel4):
    refused(rel4("gen", "dts", "-o", "."), "rel4 gen: ")
    refused(rel4("gen", "dts", "--config", "huge"), "no configuration")


def test_bench_lists_its_suites(rel4):
    assert rel4("bench", "--list").stdout.startswith("core ")
    refused(rel4("bench", "nothing"), "no suite 'nothing'; there are core")
