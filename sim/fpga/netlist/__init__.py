"""The netlist of ECP5 cells that Yosys makes: its simulation and its comparison with the RTL."""
