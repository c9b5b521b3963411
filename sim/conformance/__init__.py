"""Public test suites, run on the RTL from checkouts that the user supplies."""
