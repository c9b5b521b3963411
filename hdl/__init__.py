"""Reusable gateware. It does not depend on a particular SoC."""
