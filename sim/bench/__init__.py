"""Measurements: suites of metrics, each a program that runs on the RTL."""
