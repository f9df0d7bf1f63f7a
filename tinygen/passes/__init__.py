"""Rewrites, Graph -> Graph, one per module; `pipeline` says in which order."""

from tinygen.passes.pipeline import lower, passes
from tinygen.passes.rewrite import Pass

__all__ = ["Pass", "lower", "passes"]
