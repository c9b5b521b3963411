"""Models of the RTL: designs compiled by Verilator, and programs that run on them."""
