"""Finds the outcomes that RISC-V's memory model allows for a litmus test. Tries every global order.

The model follows the unprivileged specification, chapter "RVWMO Memory Consistency Model". There is
one global order of all memory operations. It keeps the *preserved program order* of each hart. A
load returns the value of the latest store to its address that precedes it in the global order or in
program order. No store of another hart comes between the two halves of an atomic pair. The
preserved order depends on the model: ``RVWMO`` preserves its thirteen rules, ``TSO`` (the Ztso
extension) everything except a store before a later load, and ``SC`` everything.

A litmus test has a handful of memory operations, so the orders can be enumerated. An AMO is one
operation that loads and stores at once. Programs are straight-line code: a branch leads to the next
instruction and only makes a control dependency. Addresses do not depend on values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import product

from .litmus_code import INITIAL, Instruction, Kind, Value, evaluate


class Model(Enum):
    """Memory models. Each allows everything that the model before it allows, and more."""

    SC = 0
    TSO = 1
    RVWMO = 2


@dataclass(frozen=True, eq=False)
class Operation:
    """A memory operation. Its dependencies are listed as the loads that they start from."""

    thread: int
    index: int  # index of its instruction
    address: str
    loads: bool
    stores: bool
    acquire: bool
    release: bool
    operand: Value | None  # value to store, or operand of an AMO
    combination: str  # of an AMO: "swap", "add", "or"
    address_from: frozenset["Operation"]
    data_from: frozenset["Operation"]
    control_from: frozenset["Operation"]
    pair: "Operation | None" = None  # the LR of an SC


@dataclass
class Thread:
    """The code of one hart: operations in program order, fences, and final registers."""

    operations: list[Operation] = field(default_factory=list)
    fences: list[Instruction] = field(default_factory=list)
    registers: dict[str, Value] = field(default_factory=dict)


def outcomes(threads: Sequence[Sequence[Instruction]], observed: Sequence[str],
             model: Model) -> set[str]:
    """Returns all outcomes that ``model`` allows: one digit for each observed value.

    ``observed`` names registers (``1:a2``) and variables (``x``), like the test program.
    """
    conditional = [[i.index for i in thread if i.kind is Kind.SC] for thread in threads]
    found = set()
    for failures in product(*(_subsets(indices) for indices in conditional)):
        run = [_unroll(number, thread, failed)
               for number, (thread, failed) in enumerate(zip(threads, failures, strict=True))]
        for order in _orders(run, model):
            found.add("".join(str(_value_of(name, run, order)) for name in observed))
    return found


def _subsets(items: list[int]) -> Iterator[frozenset[int]]:
    for mask in range(1 << len(items)):
        yield frozenset(item for bit, item in enumerate(items) if mask >> bit & 1)


def _unroll(number: int, code: Sequence[Instruction], failed: frozenset[int]) -> Thread:
    """Returns the operations of a thread. SCs in ``failed`` store nothing and return 1."""
    thread, registers = Thread(), dict(INITIAL)
    control: frozenset[Operation] = frozenset()
    reserved: Operation | None = None
    for i in code:
        if i.kind is Kind.FENCE:
            thread.fences.append(i)
        elif i.kind is Kind.BRANCH:
            control |= registers[i.rs1].sources | registers[i.rs2].sources
        elif i.kind is Kind.ALU:
            registers[i.rd] = evaluate(i, registers)
        elif i.index in failed:
            registers[i.rd], reserved = Value.constant(1), None
        else:
            address = registers[i.rs1]
            stored = registers[i.rs2] if i.stores else None
            operation = Operation(
                number, i.index, address.variable, i.loads, i.stores, i.acquire, i.release,
                stored, i.operation, address.sources,
                stored.sources if stored else frozenset(), control,
                reserved if i.kind is Kind.SC else None)
            if i.kind is Kind.SC and (reserved is None or reserved.address != operation.address):
                raise ValueError("an SC without LR of the same address")
            thread.operations.append(operation)
            if i.kind is Kind.SC:
                registers[i.rd], reserved = Value.constant(0), None
            elif i.loads:
                registers[i.rd] = Value.loaded(operation)
            if i.kind is Kind.LR:
                reserved = operation
        registers["zero"] = INITIAL["zero"]
    thread.registers = registers
    return thread


def _orders(threads: list[Thread], model: Model) -> Iterator[list[Operation]]:
    """Yields the global orders that the model allows."""
    operations = [operation for thread in threads for operation in thread.operations]
    before = {b: {a for a in operations if _kept(threads, a, b, model)} for b in operations}

    def extend(order: list[Operation]) -> Iterator[list[Operation]]:
        if len(order) == len(operations):
            if _consistent(order):
                yield list(order)
            return
        for operation in operations:
            if operation not in order and before[operation] <= set(order):
                order.append(operation)
                yield from extend(order)
                order.pop()

    yield from extend([])


def _kept(threads: list[Thread], a: Operation, b: Operation, model: Model) -> bool:
    """Returns true if the program alone puts ``a`` before ``b`` in preserved program order.

    The numbers are those of the specification's rules.
    """
    if a.thread != b.thread or a.index >= b.index:
        return False
    if model is Model.SC:
        return True
    if model is Model.TSO and (a.loads or b.stores):
        return True
    thread = threads[a.thread]
    between = [m for m in thread.operations if a.index < m.index < b.index]
    return (
        (b.stores and a.address == b.address)  # 1
        or any(a.index < f.index < b.index and f.orders(a, b) for f in thread.fences)  # 4
        or a.acquire  # 5
        or b.release  # 6
        or (a.release and b.acquire)  # 7, if 5 and 6 do not already apply
        or b.pair is a  # 8
        or a in b.address_from  # 9
        or a in b.data_from  # 10
        or (b.stores and a in b.control_from)  # 11
        or (b.stores and any(a in m.address_from for m in between))  # 13
    )


def _consistent(order: list[Operation]) -> bool:
    """Returns true if the order also keeps the value-dependent rules and atomicity."""
    place = {operation: number for number, operation in enumerate(order)}
    source = {b: _source(b, order) for b in order if b.loads}
    for b in order:
        if b.pair:
            since = place.get(source[b.pair], -1)
            if place.get(source[b.pair], -1) > place[b] or any(
                    m.stores and m.address == b.address and m.thread != b.thread
                    for m in order[since + 1:place[b]]):
                return False
        if not b.loads:
            continue
        written_by = source[b]
        for a in order:
            if a.thread != b.thread or a.index >= b.index or place[a] < place[b]:
                continue
            between = [m for m in order if m.thread == a.thread and a.index < m.index < b.index]
            if a.loads and a.address == b.address and source[a] is not written_by and not any(
                    m.stores and m.address == b.address for m in between):
                return False  # 2
            if a is written_by and a.stores and (a.loads or a.pair):
                return False  # 3
            if written_by in between and a in written_by.address_from | written_by.data_from:
                return False  # 12
    return True


def _source(load: Operation, order: list[Operation]) -> Operation | None:
    """Returns the store that a load reads from; None for the initial value."""
    place = order.index(load)
    visible = [
        store for number, store in enumerate(order)
        if store.stores and store is not load and store.address == load.address
        and (number < place or (store.thread == load.thread and store.index < load.index))
    ]
    return visible[-1] if visible else None


def _value_of(name: str, threads: list[Thread], order: list[Operation]) -> int:
    """Returns an observed final value."""
    if ":" not in name:
        stores = [s for s in order if s.stores and s.address == name]
        return _stored(stores[-1], order) if stores else 0
    number, register = name.split(":")
    return threads[int(number)].registers[register].compute(lambda load: _loaded(load, order))


def _loaded(load: Operation, order: list[Operation]) -> int:
    store = _source(load, order)
    return _stored(store, order) if store else 0


def _stored(store: Operation, order: list[Operation]) -> int:
    operand = store.operand.compute(lambda load: _loaded(load, order))
    match store.combination:
        case "add":
            return _loaded(store, order) + operand
        case "or":
            return _loaded(store, order) | operand
    return operand
