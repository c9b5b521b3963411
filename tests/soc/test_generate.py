"""The intended tools accept the generated files and agree on the contents."""

import re
import subprocess
from functools import cache
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from lxml import etree

from soc.config import CONFIGURATIONS, configuration, without_taic
from soc.generate import GENERATORS, generate
from soc.generate.constants import groups
from soc.memory_map import devices

PARAMS = [configuration(name, harts=harts) for name in CONFIGURATIONS for harts in (1, 2, 4)]
PARAMS += [without_taic(configuration("default")), configuration("tiny", flash_image=0x20_0000)]
IDS = [f"{params.name}-{params.harts}-{n}" for n, params in enumerate(PARAMS)]

# The bindings of the harts' interrupt controllers have no #address-cells, which dtc wants.
DTC = ("dtc", "-W", "no-interrupt_provider")


def maps(device):
    """Yields the register maps of a device, each with the name of its block."""
    yield "", device.registers or ()
    yield from ((block.name, block.registers) for block in device.blocks)


def run(*command, stdin=b""):
    """Runs a tool and returns its output. The tool must not complain."""
    result = subprocess.run(command, input=stdin, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    assert not result.stderr, result.stderr.decode()
    return result.stdout


@pytest.fixture(params=PARAMS, ids=IDS)
def params(request):
    return request.param


def test_dts_and_dtb_are_the_same_tree(params):
    compiled = run(*DTC, "-I", "dts", "-O", "dtb", stdin=generate("dts", params).encode())

    def plain(blob):
        """Returns sorted source without phandles, because their numbering differs."""
        lines = run(*DTC, "-I", "dtb", "-O", "dts", "-s", stdin=blob).decode().splitlines()
        handles = ("phandle", "interrupts-extended", "interrupt-parent", "regmap", "cpu = ",
                   "next-level-cache")
        return [line for line in lines if not any(word in line for word in handles)]

    assert plain(compiled) == plain(generate("dtb", params))


def test_dtb_references_lead_to_their_nodes(params):
    """dtc numbers phandles in its own way; the blobs differ only there."""
    text = generate("dts", params)
    blob = run(*DTC, "-I", "dtb", "-O", "dts", stdin=generate("dtb", params)).decode()
    handles = dict(re.findall(r"(\S+) \{[^{}]*?phandle = <(0x\w+)>", blob))
    plic = re.search(r"(plic@\w+)", text)[1]
    assert f"interrupt-parent = <{handles[plic]}>" in blob
    finisher = re.search(r"(test@\w+)", text)[1]
    assert blob.count(f"regmap = <{handles[finisher]}>") == 2
    intc = re.findall(r"interrupt-controller \{[^{}]*?phandle = <(0x\w+)>", blob)
    assert len(set(intc)) == params.harts
    clint = re.search(r"clint@.*?interrupts-extended = <(.*?)>", blob, re.DOTALL)[1].split()
    assert clint == [cell for handle in intc for cell in (handle, "0x03", handle, "0x07")]
    cells = re.search(r"plic@.*?interrupts-extended = <(.*?)>", blob, re.DOTALL)[1].split()
    machine_and_supervisor = [c for h in intc for c in (h, "0x0b", h, "0x09")]
    assert cells == machine_and_supervisor + [c for h in intc for c in (h, "0x08")]


def test_c_header_compiles(params, tmp_path):
    checks = "\n".join(
        f'_Static_assert(REL4_{g.module.upper()}{"_" * bool(g.module)}{c.name} == {c.value}u, "");'
        for g in groups(params) for c in g.constants)
    header = tmp_path / "soc.h"
    header.write_text(generate("c-header", params))
    source = tmp_path / "check.c"
    source.write_text(f'#include "soc.h"\n#include "soc.h"\n{checks}\n')
    run("cc", "-fsyntax-only", "-std=c11", "-Wall", "-Wextra", "-Werror", str(source))


def test_rust_compiles(params, tmp_path):
    constants = tmp_path / "soc.rs"
    constants.write_text(generate("rust", params))
    checks = "\n".join(
        f"const _: () = assert!({f'{g.module}::' if g.module else ''}{c.name} == {c.value});"
        for g in groups(params) for c in g.constants)
    source = tmp_path / "check.rs"
    source.write_text(f'#![no_std]\n#![deny(warnings)]\ninclude!("{constants}");\n{checks}\n')
    run("rustc", "--crate-type=rlib", "--emit=metadata", "-o", str(tmp_path / "check.rmeta"),
        str(source))


@cache
def cmsis_schema():
    """Returns the newest schema that the package cmsis-svd has."""
    folder = files("cmsis_svd") / "schemas"
    newest = max((path.name for path in folder.iterdir() if path.name.endswith(".xsd")),
                 key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    return etree.XMLSchema(etree.fromstring((folder / newest).read_bytes()))


def test_svd_is_valid(params):
    schema = cmsis_schema()
    document = etree.fromstring(generate("svd", params).encode())
    assert schema.validate(document), schema.error_log


def test_svd_has_every_register(params):
    root = ElementTree.fromstring(generate("svd", params))
    found = {}
    for peripheral in root.iter("peripheral"):
        base = int(peripheral.findtext("baseAddress"), 0)
        blocks = {register: cluster.findtext("name").removesuffix("[%s]").lower()
                  for cluster in peripheral.iter("cluster")
                  for register in cluster.iter("register")}
        for register in peripheral.iter("register"):
            name = register.findtext("name").removesuffix("[%s]").lower()
            found[peripheral.findtext("name").lower(), blocks.get(register, ""), name] = (
                base + int(register.findtext("addressOffset"), 0), int(register.findtext("size")),
                int(register.findtext("dim") or 1))
    wanted = {
        (device.name, block, entry.name): (device.base + entry.offset, 8 * entry.register.bytes,
                                           entry.count)
        for device in devices(params) for block, registers in maps(device) for entry in registers
    }
    assert found == wanted


def test_svd_has_every_block(params):
    root = ElementTree.fromstring(generate("svd", params))
    for device in devices(params):
        peripheral, = (p for p in root.iter("peripheral")
                       if p.findtext("name") == device.name.upper()) if device.blocks else (None,)
        for block in device.blocks:
            name = block.name.upper() + ("[%s]" if block.count > 1 else "")
            cluster, = (c for c in peripheral.iter("cluster") if c.findtext("name") == name)
            assert int(cluster.findtext("addressOffset"), 0) == block.offset
            assert int(cluster.findtext("dim") or 1) == block.count
            assert int(cluster.findtext("dimIncrement") or "0", 0) == block.stride


def test_fields_have_distinct_names_and_fit(params):
    for registers in (registers for device in devices(params) for _, registers in maps(device)):
        for entry in registers:
            placed = list(entry.register.placed())
            assert len({name.rstrip("_").upper() for name, _, _ in placed}) == len(placed)
            assert all(lsb + field.bits <= 8 * entry.register.bytes for _, lsb, field in placed)
            assert entry.register.doc, f"{entry.name} has no entry in the manual"


def test_memory_map_names_everything(params):
    page = generate("memory-map", params)
    for device in devices(params):
        assert f"0x{device.base >> 16:04x}_{device.base & 0xFFFF:04x}" in page
        for _, registers in maps(device):
            for entry in registers:
                assert f"### {entry.name}\n" in page


def test_memory_map_is_right_markdown(params):
    """Every table has rows, and every row has the cells of its header."""
    lines = generate("memory-map", params).splitlines()
    cells = [len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0 for line in lines]
    for n, line in enumerate(lines):
        if line.startswith("| ---"):
            assert cells[n - 1] == cells[n] == cells[n + 1], lines[n - 2:n + 2]
        elif cells[n] and cells[n - 1]:
            assert cells[n] == cells[n - 1], line


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="cannot generate 'pdf'; there are dts, dtb, svd"):
        generate("pdf", configuration("default"))
    assert set(GENERATORS) == {"dts", "dtb", "svd", "c-header", "rust", "memory-map"}
