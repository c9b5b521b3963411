"""Reusable gateware: knows no SoC."""
