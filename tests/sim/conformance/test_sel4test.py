"""``rel4 conformance sel4test``: images, the choice of tests, what a run tells.

The build folder here is made up: its "loader" prints the kernel of its archive, a text behind the
four characters that an ELF file begins with.
"""

import json
import struct
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app, load_verbs
from sim.conformance.sel4test.cases import Case, cases, choose
from sim.conformance.sel4test.console import outcomes
from sim.conformance.sel4test.image import BadSuite, LoaderImage
from sim.image.archive import write_archive
from sim.image.c_program import COMPILER, has_compiler

load_verbs(["conformance"])

pytestmark = pytest.mark.skipif(not has_compiler(), reason=f"{COMPILER} is not installed")

LOADER = """
.section .text.start
.globl _start
_start:
    la t0, _archive_start + 124 + 4
    li t1, 0x10000000
1:  lbu t2, 0(t0)
    beqz t2, 2f
    sb t2, 0(t1)
    addi t0, t0, 1
    j 1b
2:  li t0, 0x5555
    li t1, 0x100000
    sw t0, 0(t1)
    j 2b
"""
SCRIPT = """
ENTRY(_start)
SECTIONS {
    . = 0x81000000;
    .text : { *(.text.start) *(.text) }
    .rodata : { _archive_start = .; *(._archive_cpio) _archive_end = .; }
}
"""
PROGRAM = """
.section _test_case, "aw"
{records}
.section ._archive_cpio, "aw"
{archive}
"""
PASSED = """\
Starting test suite sel4test
Starting test 0: Test that there are tests
Starting test 1: BIND0001
Running test BIND0001 (Bind)
Test BIND0001 passed
Starting test 2: IPC0001
Starting test 3: Test all tests ran
Test suite passed. 4 tests passed. 1 tests disabled.
All is well in the universe
"""
FAILED = PASSED.replace("Test BIND0001 passed\n",
                        "\tFailure: error == 1 at line 9 of file /a/b.c\n")


def build(source: str, output: Path, *flags: str) -> Path:
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([COMPILER, "-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-nostdlib",
                    *flags, "-x", "assembler", "-", "-o", str(output)],
                   input=source.encode(), check=True)
    return output


def program(output: Path, tests: dict[str, bool], archive: bytes = b"") -> Path:
    """An ELF file with records of tests, and an archive."""
    records = b"".join(struct.pack("<32s4Q", name.encode(), 1, 2, 3, enabled)
                       for name, enabled in tests.items())
    text = PROGRAM.format(records=data(records), archive=data(archive))
    return build(text, output, "-Wl,-e0", "-Wl,-Ttext-segment=0x10000")


def data(contents: bytes) -> str:
    return f".byte {', '.join(map(str, contents))}" if contents else ""


def kernel(text: str) -> bytes:
    return b"\x7fELF" + text.encode() + b"\0"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A build folder of sel4test with three tests, one of which is disabled."""
    tests = program(tmp_path / "sel4test-tests", {"IPC0001": True, "TIMER0001": False})
    root = program(tmp_path / "root", {"BIND0001": True},
                   write_archive([("sel4test-tests", tests.read_bytes())]))
    made = tmp_path / "built"
    build(LOADER, made / "elfloader/CMakeFiles/elfloader.dir/src/crt0.S.obj", "-c")
    (made / "elfloader/linker.lds_pp").write_text(SCRIPT)
    library = made / "apps/sel4test-driver/util_libs/libcpio/libcpio.a"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"!<arch>\n")
    (made / "images").mkdir()
    archive = write_archive([("kernel.elf", kernel("seL4\n")), ("kernel.dtb", b"tree"),
                             ("rootserver", root.read_bytes())])
    source = f"{LOADER}\n.section ._archive_cpio, \"aw\"\n{data(archive)}\n"
    build(source, made / "images/sel4test-driver-image-riscv-virt",
          f"-Wl,-T,{made / 'elfloader/linker.lds_pp'}")
    return made


def test_the_tests_of_an_image_and_a_choice(folder):
    image = LoaderImage.load(folder)
    assert image.root.name == "rootserver"
    found = cases(image)
    assert [(case.name, case.enabled) for case in found] == [
        ("BIND0001", True), ("IPC0001", True), ("TIMER0001", False)]
    chosen = cases(choose(image, "IPC.*"))
    assert chosen == [Case(case.name, case.name == "IPC0001", case.offset) for case in found]
    with pytest.raises(BadSuite, match="no enabled test matches TIMER0001"):
        choose(image, "TIMER0001")


def test_outcomes_of_a_run():
    done = outcomes(FAILED.splitlines())
    assert [(o.name, o.passed, o.own) for o in done] == [
        ("Test that there are tests", True, True), ("BIND0001", False, False),
        ("IPC0001", True, False), ("Test all tests ran", True, True)]
    assert done[1].complaints == ["error == 1 at line 9 of file b.c"]


def test_a_test_that_does_not_end_has_not_passed():
    cut = PASSED[:PASSED.index("Starting test 3")]
    assert [outcome.passed for outcome in outcomes(cut.splitlines())] == [True, True, False]


def command(*arguments):
    return CliRunner().invoke(app, ["conformance", "sel4test", *map(str, arguments)])


@pytest.mark.tier("test")
@pytest.mark.parametrize(("text", "status", "lines"), [
    (PASSED, 0, ["pass BIND0001", "pass IPC0001", "disabled TIMER0001",
                 "2 of 2 passed, 1 disabled"]),
    (FAILED, 1, ["FAIL BIND0001: error == 1 at line 9 of file b.c", "pass IPC0001",
                 "disabled TIMER0001", "1 of 2 passed, 1 disabled"]),
    (PASSED[:PASSED.index("Starting test 2")], 1, [
        "FAIL BIND0001: did not end", "not run IPC0001", "disabled TIMER0001",
        "the suite did not come to its end: the machine ended with code 0",
        "0 of 2 passed, 1 disabled"]),
])
def test_a_kernel_takes_the_place_of_the_other(folder, tmp_path, text, status, lines):
    """The new kernel is larger than the one in the image."""
    ours = tmp_path / "ours.elf"
    ours.write_bytes(kernel(text))
    result = command(folder, "--kernel", ours, "--memory", 64, "--json", tmp_path / "out.json")
    assert (result.exit_code, result.stderr) == (status, "")
    assert [line for line in result.stdout.splitlines() if " Test " not in line] == lines
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["disabled"] == ["TIMER0001"]
    assert len(written["passed"]) + len(written["failed"]) + len(written["not_run"]) == 2


def spoil(name: str):
    return lambda folder: (folder / name).write_bytes(b"x")


@pytest.mark.parametrize(("change", "text"), [
    (lambda folder: None, "ours.elf: cannot be read: No such file or directory"),
    (spoil("images/sel4test-driver-image-riscv-virt"),
     "built/images/sel4test-driver-image-riscv-virt: no ELF file"),
    (spoil("images/sel4test-driver-image-riscv-2"),
     "built: more than one file images/sel4test-driver-image-riscv-*; is it a build folder of "
     "sel4test?"),
    (lambda folder: folder.rename(folder.with_name("other")),
     "built: no file images/sel4test-driver-image-riscv-*; is it a build folder of sel4test?"),
])
def test_bad_input_gives_one_line(folder, tmp_path, change, text):
    change(folder)
    result = command(folder, "--kernel", tmp_path / "ours.elf")
    assert result.exit_code == 2
    assert result.stderr == f"rel4 conformance: {tmp_path}/{text}\n"


def test_a_loader_that_was_not_built_cannot_be_linked(folder, tmp_path):
    (folder / "elfloader/linker.lds_pp").unlink()
    result = command(folder, "--own-kernel")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("linker.lds_pp: no such file; build all of the folder first\n")
