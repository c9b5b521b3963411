#!/bin/sh
# Makes sure that what comes from the distribution, not from PyPI, is there. Everything is checked
# first. What is missing is installed with apt-get where that is allowed; else one line with the
# command is printed, and the status is 1. With the argument "tests": also what only the tests need,
# the compiler of programs in C included.
set -eu

missing=""
need() { # need PACKAGE PROBE...: the probe succeeds if the package is there
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
header() { printf '#include <%s>\n' "$1" | ${CXX:-c++} -x c++ -E - ; }

need python3-venv python3 -c 'import ensurepip, venv'
need g++ c++ --version
need liblz4-dev header lz4.h
need zlib1g-dev header zlib.h
need perl perl -MPod::Usage -e 1
need device-tree-compiler command -v dtc
missing="$missing $("$(dirname "$0")/rust-toolchain.sh" --missing)"
if [ "${1:-}" = tests ]; then
    need gcc-riscv64-unknown-elf riscv64-unknown-elf-gcc --version
    need python3-dev python3 -c 'open(__import__("sysconfig").get_path("include") + "/Python.h")'
    need cpio cpio --version
    need iverilog command -v iverilog
    need gdb-multiarch command -v gdb-multiarch
    need opensbi test -f /usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.elf
fi
set -- $missing
missing=$*
[ -z "$missing" ] && exit 0

command="apt-get install -y --no-install-recommends $missing"
if ! command -v apt-get >/dev/null; then
    echo "Not found, please install: $missing" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    sudo=""
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
else
    echo "Missing Debian packages; install them with: sudo $command" >&2
    exit 1
fi
echo "Installing $missing (about 1 minute)"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
