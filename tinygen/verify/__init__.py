"""Compares what the firmware computed with the oracle."""
