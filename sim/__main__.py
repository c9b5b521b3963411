"""``python -m sim`` is ``rel4``."""

from sim.cli import main

main()
