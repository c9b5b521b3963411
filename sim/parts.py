"""The parts of the SoC that can be exported or synthesised alone."""

from collections.abc import Callable

from amaranth.lib import wiring

from hdl.bus.standalone import Standalone
from soc.config import SocParams
from soc.memory_map import hart_params, taic_params


def uintc(*, harts: int = 1, receivers: int = 512) -> wiring.Component:
    from hdl.uintc import Uintc, UintcParams

    return Uintc(UintcParams(harts=harts, receivers=receivers))


def taic(*, harts: int = 1, contexts: int = 16, queues: int = 8, priorities: int = 8,
         tasks: int = 1024, channels: int = 256, slots: int = 8, lines: int = 32
         ) -> wiring.Component:
    from hdl.taic import Taic, TaicParams

    return Taic(TaicParams(harts=harts, contexts=contexts, queues=queues, priorities=priorities,
                           tasks=tasks, channels=channels, slots=slots, lines=lines))


def taic_reference() -> wiring.Component:
    from hdl.reference import ReferenceParams, ReferenceTaic

    return ReferenceTaic(ReferenceParams())


# Parts that are useful in other systems. They have a port ``bus``; all their registers have 8
# bytes.
DEVICES: dict[str, Callable[..., wiring.Component]] = {"uintc": uintc, "taic": taic}
PARTS = ("soc", "hart", *DEVICES)
# Designs that exist only to compare areas.
REFERENCES: dict[str, Callable[[], wiring.Component]] = {"taic-reference": taic_reference}


def part(name: str, params: SocParams) -> wiring.Component:
    """Makes one of ``PARTS`` as in the SoC with ``params``, or one of ``REFERENCES``."""
    if name == "soc":
        from soc.top import Soc

        return Soc(params)
    if name == "taic":
        from hdl.taic import Taic

        return Taic(taic_params(params))
    if name in DEVICES:
        return DEVICES[name](harts=params.harts)
    if name in REFERENCES:
        return REFERENCES[name]()
    from hdl.core.hart import Hart

    return Hart(hart_params(params))


def device(name: str, *, bus: str | None = None, data_bits: int | None = None,
           **parameters: int) -> wiring.Component:
    """Makes one of ``DEVICES`` for another system, behind ``bus`` or with the bare MMIO port."""
    bare = DEVICES[name](**parameters)
    if bus is None:
        if data_bits is not None:
            raise ValueError("the MMIO port has 64 bits; the width is that of a bus")
        return bare
    bits = 64 if data_bits is None else data_bits
    return Standalone(bare, bus=bus, data_bits=bits, paired=bits == 32)
