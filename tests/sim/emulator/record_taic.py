"""Records random operations at TAIC."""

import random
from dataclasses import asdict

import cocotb

from hdl.taic.params import ADDR_BITS
from tests.sim.emulator.recorder import Recorder
from tests.sim.emulator.shapes import TAIC
from tests.sim.emulator.taic_traffic import Traffic
from tests.support.clock import cycles, start

SETTLED = 24  # cycles until most accesses have had all their effects


@cocotb.test()
async def random_operations(dut):
    params = TAIC[cocotb.plusargs["shape"]]
    sizes = {name: size for name, size in asdict(params).items() if name != "ports"}
    recorder = Recorder(dut, "taic", sizes, [f"bus__{port}" for port in range(params.ports)],
                        ADDR_BITS, settle=SETTLED)
    dut.line.value = 0
    await start(dut)
    await cycles(dut, 4 * params.tasks + 2 * params.records)
    traffic = Traffic(recorder, params, random.Random(cocotb.RANDOM_SEED))
    await traffic.everything()
    await traffic.corners()
    await traffic.run(int(cocotb.plusargs["operations"]))
    recorder.save(cocotb.plusargs["trace"])
