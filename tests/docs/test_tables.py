"""Tables of the specifications agree with the descriptions in Python."""

import pytest

from hdl.core.isa import Csr
from hdl.core.lsu.uipi import UIPI_MATCH, UipiOp
from hdl.core.lsu.uipi import Refusal as UipiRefusal
from hdl.taic import TaicParams, channel_registers, control_registers, queue_registers
from hdl.taic.control import Reason
from hdl.taic.params import ALIAS, CHANNEL_PAGES, QUEUE_PAGES
from hdl.taic.registers import ChannelConfig, ErrorBits
from hdl.taic.types import Error as TaicError
from hdl.uintc import UintcParams, uintc_registers
from hdl.uintc.registers import Error
from hdl.uintc.registers import Refusal as UintcRefusal
from tests.docs.tables import code, number, table

TAIC = TaicParams(harts=2)
REGISTERS = {
    "UINTC-2.2": uintc_registers(UintcParams()),
    "TAIC-2.2": control_registers(TAIC),
    "TAIC-2.3": queue_registers(TAIC),
    "TAIC-2.4": channel_registers(TAIC),
}


def reasons(refusals) -> list[int]:
    return [reason.value for reason in refusals if reason.value]


@pytest.mark.parametrize("citation", REGISTERS)
def test_registers(citation):
    told = [(number(offset), code(name), access)
            for offset, name, access, _ in table(citation)]
    assert told == [(entry.offset, entry.name, entry.register.access)
                    for entry in REGISTERS[citation]]


@pytest.mark.parametrize("citation", ["TAIC-2.2", "TAIC-2.3"])
def test_arrays(citation):
    told = {code(name): "+ 8 ×" in purpose for _, name, _, purpose in table(citation)}
    assert told == {entry.name: entry.count > 1 for entry in REGISTERS[citation]}
    assert all(entry.stride == 8 for entry in REGISTERS[citation] if entry.count > 1)


def test_blocks_of_taic():
    assert [number(offset.replace("_", "")) for offset, *_ in table("TAIC-2.1")] == [
        0, QUEUE_PAGES, CHANNEL_PAGES, ALIAS + QUEUE_PAGES]


def test_csrs():
    told = {code(name).upper(): number(csr) for csr, name, *_ in table("N-2.1")}
    ours = {"SEDELEG", "SIDELEG", "SUIST", "SUIRS", "SUICFG", "SUIERR"}
    assert told == {csr.name: csr for csr in Csr if csr < 0x100 or csr.name in ours}
    modes = {code(name): mode for _, name, mode, _ in table("N-2.1")}
    assert modes == {name.lower(): "US"[csr >> 8 & 3] for name, csr in told.items()}


def test_instructions():
    for funct7, name, _, word in table("N-6.1"):
        assert UipiOp(int(funct7)).name == name
        assert number(word) == UIPI_MATCH | int(funct7) << 25
    assert len(table("N-6.1")) == len(UipiOp)


@pytest.mark.parametrize(("citation", "expected"), [
    ("N-6.12", reasons(UipiRefusal)),
    ("UINTC-5.1", reasons(UintcRefusal)),
    ("TAIC-9.3", reasons(Reason)),
])
def test_reasons(citation, expected):
    assert [int(reason) for reason, _ in table(citation)] == expected


def test_error_bits():
    told = [(int(bit), code(name)) for bit, name, _ in table("TAIC-9.1")]
    assert told == list(enumerate(ErrorBits.fields))
    assert [1 << bit for bit, _ in told] == [error.value for error in TaicError]


@pytest.mark.parametrize(("citation", "register"), [
    ("UINTC-5.3", Error()),
    ("TAIC-6.2", ChannelConfig()),
])
def test_fields(citation, register):
    """The rows are in the order of the bits, and the bits are those of the fields."""
    fields = [field for name, field in register.layout if not name.startswith("_")]
    assert [bits for bits, *_ in table(citation)] == [
        str(field.offset) if field.width == 1 else
        f"{field.offset + field.width - 1}:{field.offset}" for field in fields]
