"""Interaction of several harts: litmus tests and contention, on the RTL."""
