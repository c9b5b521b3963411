"""Three tiers of tests: ``check``, ``test`` and ``all``. Each includes the tiers before it.

A test is in the tier ``test`` unless it is marked with ``pytest.mark.tier`` or a line of ``RULES``
says otherwise; a mark wins over the lines, and a later line over an earlier one.
"""

from fnmatch import fnmatchcase

TIERS = ("check", "test", "all")

# Tests by the end of their names. ``*`` stands for anything.
RULES = {
    # Plain Python, and a dozen benches of small units.
    "check": """
        /boards/test_bench.py::*
        /boards/test_clocks.py::*
        /boards/test_flash_image.py::*
        /boards/test_loader.py::*
        /boards/test_session.py::*
        /boards/test_sdram.py::test_times_are_long_enough[*]
        /boards/test_utilisation.py::*
        /cache/test_l2_params.py::*
        /docs/*
        /trace/test_cycles.py::*
        /sim/bench/*
        /sim/export/test_netlist.py::*
        /sim/emulator/test_emu.py::*
        /sim/emulator/test_gdb.py::test_the_session_of_the_readme
        /sim/emulator/test_programs.py::*
        /sim/image/*
        /cli/test_refusals.py::*
        /ordering/test_contention.py::test_faults_are_told
        /model/test_elf.py::*
        /model/test_places.py::*
        /conformance/test_riscv_formal.py::*
        /ordering/test_rvwmo.py::*
        /soc/test_bootrom.py::*
        /soc/test_config.py::*
        /soc/test_generate.py::test_dt*
        /soc/test_generate.py::test_fields_*
        /soc/test_generate.py::test_memory_map_*
        /soc/test_generate.py::test_svd_*
        /soc/test_memory_map.py::*
        /soc/test_settings.py::*
        /test_model.py::*
        /test_scripts.py::*
        /test_tests.py::*
        /test_tiers.py::*
        /hdl/*_refused
        /hdl/*_refused[*]
        /hdl/*_checked
        /hdl/*_checked[*]
        /cli/test_verilog.py::*_refused[*]

        /core/test_alu.py::test_alu
        /core/test_decode.py::test_decoder
        /core/test_divide.py::test_divide
        /core/test_multiply.py::test_multiply
        /core/test_rvc.py::test_rvc
        /core/test_store_buffer.py::test_store_buffer
        /core/test_walker.py::test_walker
        /bus/test_mmio_split.py::test_mmio_split[False]
        /peripheral/test_clint.py::test_clint
        /peripheral/test_finisher.py::test_finisher
        /peripheral/test_plic.py::test_plic[32-3]
        /uintc/test_uintc.py::test_uintc[5-1]
    """,
    # Planted faults, then wider shapes, then netlists. Each has a smaller relative in ``test``.
    "all": """
        ::test_planted_fault_is_found[*]
        ::test_an_owner_of_later_is_noticed
        ::test_late_invalidations_are_found[*]
        ::test_wrong_time_is_seen

        /cache/test_l2.py::test_l2[4_ports]
        /uintc/test_uintc.py::test_uintc[512-4]
        /uintc/test_uintc_crossbar.py::test_uintc_crossbar[512-4-4]
        /taic/test_taic.py::test_taic[default]
        /taic/test_taic.py::test_taic[medium]
        ::test_no_count_is_lost_and_nobody_starves[4-10]
        /test_litmus.py::test_four_harts
        ::test_bench_taic_measures_every_point
        ::test_bench_uintr_measures_every_point[*]
        /sw/test_programs.py::test_selftest_passes[default-1]
        /sw/test_programs.py::test_selftest_passes[tiny-10]
        /sw/test_programs.py::test_selftest_passes[full-10]
        ::test_firmware_serves_supervisor_mode[1]
        ::test_firmware_serves_supervisor_mode[4]

        /netlist/test_equivalence.py::*[tiny]
        /netlist/test_programs.py::test_hello_*
        /netlist/test_long_programs.py::*
    """,
}


def tier_of(name: str, mark: str | None) -> str:
    """Returns the tier of the test ``name`` (such as ``tests/soc/test_order.py::test_x[1]``)."""
    if mark is not None:
        if mark not in TIERS:
            raise ValueError(f"{name}: no tier {mark!r}, they are {', '.join(TIERS)}")
        return mark
    tier = "test"
    for candidate, lines in RULES.items():
        if any(matches(name, line) for line in lines.split()):
            tier = candidate
    return tier


def matches(name: str, line: str) -> bool:
    # Brackets belong to parameters here; they are not a set of characters.
    return fnmatchcase(name, "*" + line.replace("[", "[[]"))


def within(tier: str, chosen: str) -> bool:
    """Returns true if a test of ``tier`` runs when ``chosen`` was requested."""
    return TIERS.index(tier) <= TIERS.index(chosen)
