"""The netlist of ECP5 cells that Yosys makes: simulated, and compared with the RTL."""
