"""The memory map is the published one, and the harts see exactly its devices."""

from dataclasses import replace

import pytest

from hdl.core.params import RegionKind
from soc.config import CONFIGURATIONS, configuration
from soc.memory_map import (
    devices,
    hart_params,
    plic_contexts,
    taic_blocks,
    taic_params,
    windows,
)


@pytest.fixture(params=CONFIGURATIONS)
def params(request):
    return configuration(request.param, harts=2)


def test_addresses_are_those_of_the_design(params):
    assert {d.name: (d.base, d.size) for d in devices(params)} == {
        "bootrom": (0x1000, 60 << 10),
        "finisher": (0x10_0000, 4 << 10),
        "taic": (0x100_0000, 16 << 20),
        "clint": (0x200_0000, 64 << 10),
        "uintc": (0x2F1_0000, 32 << 10),
        "plic": (0xC00_0000, 64 << 20),
        "uart0": (0x1000_0000, 256),
        "dram": (0x8000_0000, 128 << 20),
    }


def test_flash_is_there_where_a_board_has_one(params):
    params = replace(params, flash_image=0x20_0000)
    assert {d.name: (d.base, d.size) for d in devices(params)}["flash"] == (0x1000_1000, 4096)
    assert "flash" in {w.name for w in windows(params)}


def test_nothing_overlaps(params):
    parts = devices(params)
    assert all(a.base + a.size <= b.base for a, b in zip(parts, parts[1:], strict=False))


def test_regions_of_the_harts_are_what_is_there(params):
    regions = hart_params(params).regions

    def kind(address):
        return next((r.kind for r in regions if r.base <= address < r.base + r.size), None)

    for device in devices(params):
        assert kind(device.base) is device.kind
    for hole in (0, 0xFFF, 0x1_0000, 0xFF_FFFF, 0x201_0000, 0x2F1_5000, 0x1000_1000, 0x7FFF_FFFF,
                 0x8800_0000):
        assert kind(hole) is None, f"{hole:#x}"


def test_every_device_has_a_window_at_the_crossbar_or_ports_for_the_harts(params):
    assert {w.name for w in windows(params)} | {"taic"} == {
        d.name for d in devices(params) if d.kind is RegionKind.IO}
    assert [d.name for d in devices(params) if d.direct] == ["taic"]


def test_taic_has_the_ports_and_lines_of_the_soc(params):
    taic = taic_params(params)
    assert (taic.harts, taic.ports, taic.lines) == (2, 2, params.plic_sources)


def test_blocks_of_taic_do_not_overlap(params):
    ends = 0
    for block in taic_blocks(taic_params(params)):
        assert block.offset >= ends, block.name
        assert block.stride >= 1 << block.registers.addr_bits or block.count == 1, block.name
        ends = block.offset + (block.count - 1) * block.stride + (1 << block.registers.addr_bits)
    assert ends <= 16 << 20


def test_user_contexts_come_after_those_of_all_harts():
    contexts = plic_contexts(configuration("default", harts=2))
    assert contexts == [(0, "m"), (0, "s"), (1, "m"), (1, "s"), (0, "u"), (1, "u")]
