"""Measured figures: kept as JSON in ``docs/figures``, shown by pages, checked."""
