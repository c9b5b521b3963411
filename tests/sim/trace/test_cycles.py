"""``rel4 account`` counts each cycle of a waveform once, under its cause."""

import pytest

from sim.tools import ToolError
from sim.trace.cycles import (
    BUFFER,
    CAUSES,
    DEVICE,
    FENCE,
    FETCH,
    MISS,
    OPERAND,
    REDIRECT,
    RETIRED,
    Hart,
    events,
    follow,
)

# The signals that are 1 in a cycle. By default the unit is drained and Decode has an instruction.
R = {"m_valid", "retired"}
WAIT = {"m_valid", "m_busy"}
BUBBLE: set[str] = set()
DRAINED = {"lsu_drained", "fetched__valid", "fetched__ready"}
RUN = [
    (R, RETIRED),
    (WAIT | {"event_dcache_miss"}, MISS),
    (WAIT, MISS),
    (R, RETIRED),
    (WAIT | {"stores.full"}, BUFFER),
    (R, RETIRED),
    ({"m_valid", "-lsu_drained"}, FENCE),
    (R | {"redirect_valid"}, RETIRED),
    (BUBBLE, REDIRECT),
    (BUBBLE, REDIRECT),
    (R, RETIRED),
    (WAIT | {"mmio__request__valid", "mmio__request__ready"}, DEVICE),
    (WAIT, DEVICE),
    (R | {"mmio__response__valid", "-fetched__ready"}, RETIRED),
    (R | {"-fetched__valid"}, RETIRED),
    (BUBBLE, OPERAND),
    (BUBBLE, FETCH),
    (R | {"mem__request__valid", "mem__request__ready"}, RETIRED),
    (R | {"mmio__request__valid", "mmio__request__ready", "mmio__request__payload.write"}, RETIRED),
]


@pytest.fixture
def wave(tmp_path):
    """A VCD in which hart 0 does ``RUN`` from cycle 100 on. Its line rises in the last cycle."""
    names = Hart(0).names() + Hart(0).optional_names()
    short = {name: f"s{index}" for index, name in enumerate(names)}
    lines = ["$scope module TOP $end", "$scope module top $end"]
    lines += [f"$var wire 64 {code} {name} $end" for name, code in short.items()]
    lines += ["$upscope $end", "$upscope $end", "$enddefinitions $end"]
    for cycle, (signals, _) in enumerate(RUN, 100):
        on = (DRAINED | signals) - {name[1:] for name in signals if name[0] == "-"}
        lines.append(f"#{10 * cycle}")
        for name, code in short.items():
            tail = name.removeprefix("soc.hart0.pipeline.").removeprefix("soc.hart0.lsu.")
            values = {"mmio__request__payload.addr": 0x1000, "mmio__response__p.data": 0x42,
                      "soc.usip": int(cycle == 99 + len(RUN)),
                      "soc.taic.port0.prefetch.valid": int(cycle in (105, 106))}
            lines.append(f"b{values.get(tail, int(tail in on)):b} {code}")
        lines.append(f"#{10 * cycle + 5}")
    path = tmp_path / "wave.vcd"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_each_cycle_has_its_cause(wave):
    [hart], cycles = follow(wave, 1)
    assert cycles == range(100, 100 + len(RUN))
    assert [hart.kinds[cycle] for cycle in cycles] == [kind for _, kind in RUN]
    whole = hart.account(cycles.start, cycles.stop)
    assert sum(whole.cycles[kind] for kind in (RETIRED, *CAUSES)) == len(RUN)
    assert (whole.bus, whole.device) == (1, 2)
    assert hart.account(101, 103).cycles == {MISS: 2}


def test_events_are_in_order(wave):
    harts, cycles = follow(wave, 1)
    last = cycles[-1]
    assert [(event.cycle, event.text) for event in events(harts)] == [
        (105, "TAIC has a task for it"), (113, "device answers 0x42"),
        (last, "store to device 0x1000"), (last, "user interrupt line rises")]


def test_a_missing_signal_is_named(wave):
    with pytest.raises(ToolError, match=r"no signal soc\.hart1\."):
        follow(wave, 2)
