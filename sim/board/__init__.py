"""Boards from the host's side: bitstreams, and programs over the serial line."""
