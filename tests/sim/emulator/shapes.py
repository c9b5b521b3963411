"""Sizes of the devices that are compared."""

from hdl.taic import TaicParams
from hdl.uintc import UintcParams

TAIC = {
    "small": TaicParams(contexts=2, queues=2, priorities=4, tasks=32, channels=4, slots=2, lines=2,
                        harts=2, ports=2),
    "medium": TaicParams(contexts=4, queues=4, priorities=8, tasks=128, channels=16, slots=4,
                         lines=4, harts=3, ports=3),
}
UINTC = {"few": UintcParams(5, 2), "many": UintcParams(512, 4)}
