"""Rewrites: one file each, from a Graph to a Graph that computes the same."""
