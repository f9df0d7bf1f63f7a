"""ELU."""

from __future__ import annotations

from tinygen.ops.elementwise import FLOAT, INT8, elementwise

OPERATOR = elementwise("ELU", INT8, FLOAT)
