"""What users install: ``hdl``, ``soc``, ``boards`` and ``sim`` of the checkout, built programs of
``sw``, and the command ``rel4``. In the checkout there is only the way to the command."""
