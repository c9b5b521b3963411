"""Checks the offers of a stream of the design."""


class Offer:
    """Samples the stream ``name`` of ``dut`` once a cycle. ``taken`` says if the offer is taken.

    Fails if an offer is withdrawn or changed before it was taken.
    """

    def __init__(self, dut, name: str) -> None:
        self._dut, self._name = dut, name
        self._kept: int | None = None

    def look(self, taken: bool) -> int | None:
        """Returns the payload if one is offered and taken."""
        valid = int(getattr(self._dut, f"{self._name}__valid").value)
        payload = int(getattr(self._dut, f"{self._name}__payload").value)
        if self._kept is not None:
            assert valid and payload == self._kept, f"{self._name} was not held"
        self._kept = payload if valid and not taken else None
        return payload if valid and taken else None
