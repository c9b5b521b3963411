"""What a stream of the design offers."""


class Offer:
    """Looks at the stream ``name`` of ``dut`` once a cycle, in which it is ``taken`` or not.

    Fails if an offer that was not taken is withdrawn or changed.
    """

    def __init__(self, dut, name: str) -> None:
        self._dut, self._name = dut, name
        self._kept: int | None = None

    def look(self, taken: bool) -> int | None:
        """The payload, if one is offered and taken."""
        valid = int(getattr(self._dut, f"{self._name}__valid").value)
        payload = int(getattr(self._dut, f"{self._name}__payload").value)
        if self._kept is not None:
            assert valid and payload == self._kept, f"{self._name} was not held"
        self._kept = payload if valid and not taken else None
        return payload if valid and taken else None
