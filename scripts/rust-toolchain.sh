#!/bin/sh
# Finds a Rust toolchain that can build for the SoC. Writes how to use it to the file named by the
# argument: a makefile that sw/Makefile includes. In this order: the target is installed; rustup can
# add it; the toolchain has the library's sources, as that of Debian's rustc-web packages.
# With --missing: prints the Debian packages that are needed, if any.
set -eu

output=$1
packages="rustc-web cargo-web rust-web-src lld"
target=riscv64imac-unknown-none-elf
oldest=91 # Rust 1.85 is the first with edition 2024
cargo_bin=${CARGO_HOME:-$HOME/.cargo}/bin
PATH="$PATH:$cargo_bin"

recent() { # the rustc on the path is recent enough
    minor=$(rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
    [ -n "$minor" ] && [ "$minor" -ge "$oldest" ] && command -v cargo >/dev/null
}
has_target() { ls "$(rustc --print sysroot)/lib/rustlib/$target/lib/"libcore-*.rlib >/dev/null 2>&1; }
has_sources() { [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library/core" ]; }
finish() { # finish LINE...: writes the makefile
    mkdir -p "$(dirname "$output")"
    host=$(rustc -vV | sed -n 's/^host: //p')
    printf '%s\n' "export PATH := \$(PATH):$cargo_bin" "RUST_HOST := $host" "$@" \
        >"$output.partial"
    mv "$output.partial" "$output"
    echo "Rust: $(rustc --version)"
    exit 0
}
find_linker() {
    command -v rust-lld || command -v ld.lld || ls /usr/bin/ld.lld-* 2>/dev/null | tail -1
}
can_build_std() { has_sources && [ -n "$(find_linker)" ]; }
build_std() {
    can_build_std || return 1
    linker=$(find_linker)
    finish "export RUSTC_BOOTSTRAP := 1" \
        "export CARGO_TARGET_RISCV64IMAC_UNKNOWN_NONE_ELF_LINKER := $linker" \
        "export CARGO_FLAGS := -Zbuild-std=core,alloc"
}

if [ "$output" = --missing ]; then
    if recent && { has_target || command -v rustup || can_build_std; } >/dev/null; then exit 0; fi
    ! grep -qx ID=debian /etc/os-release 2>/dev/null || echo "$packages"
    exit 0
fi
if recent && has_target; then finish; fi
if recent && command -v rustup >/dev/null && rustup target add "$target"; then finish; fi
if recent && build_std; then exit 0; fi
echo "Missing Rust >= 1.$oldest for $target; install it with:" \
    "curl -sSf https://sh.rustup.rs | sh -s -- -y --target $target" >&2
exit 1
