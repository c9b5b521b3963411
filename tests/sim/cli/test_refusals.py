"""A command that cannot be done gives one line and exit status 2, and writes nothing."""

import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sim.cli import app, load_verbs
from sim.tools import PROJECT
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
    "--latency must be a number of cycles from 1 to 1000000": ["--latency", "fast"],
    "random:SEED, not '99999999999'": ["--latency", "99999999999"],
    "a seed of --seed must be from 0": ["--latency", "random", "--seed", "-1"],
    "harts must be": ["--harts", "0"],
    "--memory must be from 1 to 2048 MiB, not 0": ["--memory", "0"],
    "--memory must be from 1 to 2048 MiB, not 4096": ["--memory", "4096"],
    "--max-cycles must be from 1": ["--max-cycles", "0"],
    "--trace writes FST, so its file must end in .fst, not 'x.vcd'": ["--trace", "x.vcd"],
    "--trace-start needs --trace": ["--trace-start", "0"],
    "--trace-stop needs --trace": ["--trace-stop", "9"],
    "--trace-stop must be after the first cycle of the waveform, 5, not 5":
        ["--trace", "x.fst", "--trace-start", "5", "--trace-stop", "5"],
    "--trace-start must be from 0": ["--trace", "x.fst", "--trace-start", "-1"],
    "--undefined needs --netlist": ["--undefined", "1"],
    "--set needs NAME=VALUE, not 'taic'": ["--set", "taic"],
    "--set foo: no such parameter; there are harts, hart.paddr_bits": ["--set", "foo=1"],
    "--set taic.tasks: a number, not 'many'": ["--set", "taic.tasks=many"],
    "--set taic.tasks=3: tasks must be a power of two": ["--set", "taic.tasks=3"],
    "--set taic.lines: cannot be chosen: it is plic_sources": ["--set", "taic.lines=8"],
    "--set taic.tasks: no such parameter": ["--no-taic", "--set", "taic.tasks=2048"],
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


def test_gen_makes_the_folder_of_its_file(rel4, tmp_path):
    assert rel4("gen", "dts", "-o", "new/folder/soc.dts").exit_code == 0
    assert "riscv,sv39" in (tmp_path / "new" / "folder" / "soc.dts").read_text()
    refused(rel4("gen", "dts", "-o", "good.elf/soc.dts"), "rel4 gen: good.elf/soc.dts: ")


def test_gen_describes_the_parameters_that_were_set(rel4):
    text = rel4("gen", "c-header", "--set", "taic.tasks=2048", "--set", "uintc_receivers=64").stdout
    assert "#define REL4_TAIC_TASKS 2048" in text
    assert "configuration default,taic.tasks=2048,uintc_receivers=64:" in text
    assert text != rel4("gen", "c-header").stdout


IMAGE_OPTIONS = {
    "--kernel cannot stand beside --manifest": ["--manifest", "m.toml", "--kernel", "good.elf"],
    "--root cannot stand beside --manifest": ["--manifest", "m.toml", "--root", "good.elf"],
    "--archive cannot stand beside --manifest": ["--manifest", "m.toml", "--archive", "good.elf"],
    "--firmware cannot stand beside --manifest": ["--manifest", "m.toml", "--firmware", "x.elf"],
    "--no-firmware cannot stand beside --manifest": ["--manifest", "m.toml", "--no-firmware"],
    "--built needs --manifest": ["--kernel", "good.elf", "-o", "out.elf", "--built", "."],
    "--packages needs --manifest": ["--kernel", "good.elf", "-o", "out.elf", "--packages"],
    "--firmware cannot stand beside --no-firmware":
        ["--kernel", "good.elf", "-o", "out.elf", "--firmware", "good.elf", "--no-firmware"],
}


@pytest.mark.parametrize("text", IMAGE_OPTIONS)
def test_options_that_would_be_ignored(rel4, tmp_path, text):
    (tmp_path / "m.toml").write_text("")
    refused(rel4("image", *IMAGE_OPTIONS[text]), text)
    assert not (tmp_path / "out.elf").exists()


def test_account_of_what_is_no_waveform(rel4, tmp_path):
    refused(rel4("account", "none.vcd"), "none.vcd: No such file or directory")
    refused(rel4("account", "none.fst"), "none.fst: No such file or directory")
    refused(rel4("account", "good.elf"), "good.elf: ")
    for name, content in {"empty.vcd": b"", "text.vcd": b"hello\n#1\n#x\n",
                          "zeros.vcd": bytes(100)}.items():
        (tmp_path / name).write_bytes(content)
        refused(rel4("account", name), f"{name}: ")


def test_version(rel4):
    assert re.fullmatch(r"rel4 \d+\.\d+\.\d+\n", rel4("--version").stdout)


def command(*arguments: str, **popen) -> subprocess.CompletedProcess:
    """Runs ``rel4`` as a process of its own."""
    return subprocess.run([sys.executable, "-m", "sim", *arguments], cwd=PROJECT,
                          stderr=subprocess.PIPE, text=True, **popen)


@pytest.mark.tier("test")
def test_completion_knows_verbs_and_options():
    for words, wanted in (("rel4 ac", "account"), ("rel4 sim --trace-s", "--trace-start")):
        number = len(words.split()) - 1
        done = command(stdout=subprocess.PIPE, env=os.environ | {
            "_REL4_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)})
        assert wanted in done.stdout.split()


@pytest.mark.tier("test")
@pytest.mark.parametrize("arguments, who", [
    (["gen", "dts"], "rel4 gen"), (["verilog", "uintc"], "rel4 verilog"),
    (["bench", "--list"], "rel4"), (["figures", "--list"], "rel4"),
    (["image", "--packages", "--manifest", "sw/images.toml"], "rel4"),
    (["--help"], "rel4")])
def test_a_full_standard_output_is_told(arguments, who):
    environment = {name: value for name, value in os.environ.items()
                   if name != "PYTHONUNBUFFERED"}  # without a buffer, any print fails at once
    with open("/dev/full", "wb") as full:
        done = command(*arguments, stdout=full, env=environment)
    assert done.stderr == f"{who}: standard output: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.tier("test")
@pytest.mark.parametrize("arguments", [["gen", "dts"], ["verilog", "uintc"]])
def test_a_full_file_is_told(arguments):
    done = command(*arguments, "-o", "/dev/full", stdout=subprocess.PIPE)
    assert done.stderr == f"rel4 {arguments[0]}: /dev/full: No space left on device\n"
    assert (done.returncode, done.stdout) == (2, "")


def test_gen_refuses_what_it_cannot_write(rel4):
    refused(rel4("gen", "dts", "-o", "."), "rel4 gen: ")
    refused(rel4("gen", "dts", "--config", "huge"), "no configuration")


def test_bench_lists_its_suites(rel4):
    assert rel4("bench", "--list").stdout.startswith("core ")
    refused(rel4("bench", "nothing"), "no suite 'nothing'; there are core")
