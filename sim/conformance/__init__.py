"""Public test suites. They run on the RTL, from checkouts that the user supplies."""
