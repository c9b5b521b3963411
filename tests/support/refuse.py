"""Checks that bad parameters are refused with a message that names the value."""

import gc
import warnings
from collections.abc import Callable

import pytest


def assert_refused(make: Callable[[], object], match: str) -> None:
    """Checks that ``make()`` raises ``ValueError`` with this message."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a refused component is never elaborated
        with pytest.raises(ValueError, match=match) as raised:
            make()
        del raised
        gc.collect()
