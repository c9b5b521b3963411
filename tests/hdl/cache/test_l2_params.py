"""Invalid cache parameters are refused with a reason."""

import pytest

from hdl.cache.l2_params import L2Params


def test_derived_sizes():
    params = L2Params(ports=4)
    assert (params.sets, params.set_bits, params.tag_bits, params.beats) == (256, 8, 18, 8)


@pytest.mark.parametrize("arguments, message", [
    ({"ports": 0}, "ports must be 1 to 4, not 0"),
    ({"ports": 5}, "ports must be 1 to 4, not 5"),
    ({"ways": 3}, "ways must be a power of two from 2 up, not 3"),
    ({"line_bytes": 16}, "line_bytes must be a power of two from 32 up, not 16"),
    ({"size_bytes": 256}, "size_bytes must be at least two sets of 4 lines of 64 bytes, not 256"),
    ({"paddr_bits": 14}, "paddr_bits must exceed the index of the cache, not 14"),
])
def test_bad_parameters_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        L2Params(**arguments)
