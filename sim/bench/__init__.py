"""Measurements: suites of metrics. A program that runs on the RTL measures each metric."""
