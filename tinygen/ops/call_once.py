"""CALL_ONCE: the set-up of variables, which the first inference runs in TFLM and `<model>_reset()` here.

It is evaluated at compile time: the variables start with what it leaves in them.
"""

from __future__ import annotations

from tinygen.ops.operator import Operator, Options
from tinygen.ops.resources import CallOnceAttributes, at_most, before_use, sets_constants
from tinygen.ops.rules import operands

MAX_CALLS = 16
"""Set-ups of one graph; converters write one."""


def from_options(options: Options) -> CallOnceAttributes:
    """The attributes in CallOnceOptions; the frontend adds the subgraph."""
    return CallOnceAttributes(options.get("init_subgraph_index", 0))


OPERATOR = Operator(
    kind="CALL_ONCE",
    options="CallOnceOptions",
    from_options=from_options,
    form=(operands(0, outputs=0), at_most("CALL_ONCE", MAX_CALLS)),
    rules=(sets_constants, before_use),
    infer=lambda graph, op: (),
)
