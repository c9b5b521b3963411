"""Boards, seen from the host: bitstreams, and programs that are sent over the serial line."""
