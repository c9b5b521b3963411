"""Exports of a component for other flows: Verilog, and the description of the file."""
