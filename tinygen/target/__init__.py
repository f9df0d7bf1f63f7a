"""What the compiler may know of the chip: made from a board, seen by kernels and planning."""

from tinygen.target.target import Compiler, Memory, MemoryKind, Target

__all__ = ["Compiler", "Memory", "MemoryKind", "Target"]
