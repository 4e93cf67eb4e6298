"""Benchmarks: queries over the wire, cold and warm, alone and together; dated results that are never overwritten."""
