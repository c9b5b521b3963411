"""Single parameters of a SoC by name, such as ``taic.tasks=2048``."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .config import SocParams

# The memory map decides these (``soc.memory_map``), or they are no numbers.
DERIVED = {
    "name": "it names the configuration",
    "boot_loader": "rel4 build makes it",
    "entry_port": "rel4 sim gives the entry of its program",
    "hart.name": "it names the configuration",
    "hart.regions": "the memory map decides it",
    "hart.reset_vector": "the memory map decides it",
    "hart.rvfi": "only formal checks have this port",
    "hart.uintc_base": "the memory map decides it",
    "hart.uintc_receivers": "it is uintc_receivers",
    "taic.harts": "it is harts",
    "taic.ports": "it is harts",
    "taic.lines": "it is plic_sources",
}


def with_settings(params: SocParams, settings: Iterable[str]) -> SocParams:
    """Returns ``params`` with each ``NAME=VALUE`` set, which its name then tells.

    Raises ``ValueError`` for a name that does not exist, a value that is no number, and a value
    that the parameter does not permit.
    """
    told = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"--set needs NAME=VALUE, not {setting!r}")
        if name in DERIVED:
            raise ValueError(f"--set {name}: cannot be chosen: {DERIVED[name]}")
        known = [known for known, _ in names(params)]
        if name not in known:
            raise ValueError(f"--set {name}: no such parameter; there are {', '.join(known)}")
        value = _number(name, text)
        try:
            params = _replaced(params, name.split("."), value)
        except ValueError as error:
            raise ValueError(f"--set {setting}: {error}") from None
        told.append(f"{name}={value}")
    return replace(params, name=",".join([params.name, *told])) if told else params


def names(params: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields name and value of each parameter that can be set."""
    for field in fields(params):  # type: ignore[arg-type]
        name, value = f"{prefix}{field.name}", getattr(params, field.name)
        if is_dataclass(value):
            yield from names(value, f"{name}.")
        elif name not in DERIVED and (value is None or isinstance(value, int)):
            if name != "taic":  # a SoC without TAIC has no parameters of it
                yield name, value


def _number(name: str, text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"--set {name}: a number, not {text!r}") from None


def _replaced(params: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    if rest:
        value = _replaced(getattr(params, name), rest, value)
    return replace(params, **{name: value})
