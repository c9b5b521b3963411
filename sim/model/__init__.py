"""Models of the RTL. Verilator compiles designs to models, and programs run on them."""
