"""Makes modules with a planted fault, to show that a test can fail."""

import inspect
from types import ModuleType


def mutant(module: ModuleType, old: str, new: str) -> ModuleType:
    """Returns a copy of ``module`` with ``old`` replaced by ``new``. Its source must have ``old``
    once."""
    source = inspect.getsource(module)
    if source.count(old) != 1:
        raise ValueError(f"{module.__name__} has {old!r} {source.count(old)} times, not once")
    changed = ModuleType(module.__name__)
    changed.__package__, changed.__file__ = module.__package__, module.__file__
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), changed.__dict__)
    return changed
