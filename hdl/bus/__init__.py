"""Bus signatures, arbiters, decoders and bridges."""
