"""Synthesis of parts of the SoC for ECP5: resources, checks, timing."""
