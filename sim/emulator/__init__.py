"""The emulator: the SoC as a second machine, a host program in Rust; how to build and run it."""
