"""Bad parameters are refused with a message that says what was given."""

import gc
import warnings
from collections.abc import Callable

import pytest


def assert_refused(make: Callable[[], object], match: str) -> None:
    """``make()`` raises ``ValueError`` with this message."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a component that was refused is never elaborated
        with pytest.raises(ValueError, match=match) as raised:
            make()
        del raised
        gc.collect()
