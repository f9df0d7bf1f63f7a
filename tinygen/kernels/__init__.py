"""Kernel sets: what can compute a region of the graph, at what cost, under what conditions."""
