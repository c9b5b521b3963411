"""What several harts see of each other: litmus tests and contention, on the RTL."""
