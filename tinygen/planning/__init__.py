"""Select, order, place: the one search of the compiler."""

from tinygen.planning.plan import Objective, Plan
from tinygen.planning.solve import arena_memories, solve
from tinygen.planning.text import format_plan

__all__ = ["Objective", "Plan", "arena_memories", "format_plan", "solve"]
