"""Function and line of an address, as the report of a failed run shows them."""

import subprocess

import pytest

from sim.image.c_program import COMPILER, has_compiler
from sim.model.places import demangled, places

SOURCE = """\
volatile int word;
static inline __attribute__((always_inline)) void crash(int value) {
    *(volatile int *)0 = value;
}
__attribute__((noinline)) void outer(void) {
    word = 1;
    crash(5);
}
void _start(void) {
    outer();
}
"""


@pytest.fixture
def program(tmp_path):
    if not has_compiler():
        pytest.skip(f"{COMPILER} is not installed")
    (tmp_path / "crash.c").write_text(SOURCE)
    subprocess.run([COMPILER, "-g", "-O1", "-nostdlib", "-static", "-mcmodel=medany",
                    "-Wl,-Ttext=0x80000000", "-o", "crash.elf", "crash.c"],
                   cwd=tmp_path, check=True)
    return tmp_path / "crash.elf"


def test_places_are_those_of_the_source(program):
    """All lines of the functions are found, in the order of addresses, and nothing outside."""
    found = places(program, range(0x8000_0000 - 8, 0x8000_0200, 2))
    told = {text.replace(f"{program.parent}/", "") for text in found.values()}
    assert min(found) == 0x8000_0000
    assert "crash at crash.c:3, inlined into outer" in told
    assert "outer at crash.c:6" in told
    assert "_start at crash.c:10" in told
    assert all("crash.c:" in text for text in told)


def test_without_dwarf_there_are_functions(program):
    subprocess.run([COMPILER.replace("gcc", "strip"), "--strip-debug", str(program)], check=True)
    found = places(program, [0x8000_0000, 0x8000_0002, 0x9000_0000])
    assert list(found) == [0x8000_0000, 0x8000_0002]
    name = found[0x8000_0000]
    assert name in ("outer", "_start") and found[0x8000_0002] == f"{name}+0x2"


@pytest.mark.parametrize("name, path", [
    ("_RNvCskv8RI6nK4sL_6kernel4main", "kernel::main"),
    ("_RNvNtCskv8RI6nK4sL_6kernel4hart5start", "kernel::hart::start"),
    ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
    ("_ZN44_$LT$$RF$T$u20$as$u20$core..fmt..Display$GT$3fmt17h1a86ce9b9969a343E",
     "<&T as core::fmt::Display>::fmt"),
    ("main", "main"),
    ("_RNvXs6_NtNtCsiSXtJ2a5R5S_4core3fmt3numjNtB7_8LowerHex3fmt",
     "_RNvXs6_NtNtCsiSXtJ2a5R5S_4core3fmt3numjNtB7_8LowerHex3fmt"),
])
def test_names_of_rust_functions(name, path):
    assert demangled(name) == path
