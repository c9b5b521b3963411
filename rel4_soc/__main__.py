"""``python -m rel4_soc`` is ``rel4``."""

from sim.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
