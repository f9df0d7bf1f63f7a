"""What an operator module declares; see CONTRIBUTING.md for adding one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygen.ir import Array, Attributes, Graph, Op

Options = Mapping[str, Any]
"""Builtin options as the frontend read them: the schema's field names in snake_case."""

Shape = tuple[int, ...]

Rule = Callable[[Graph, Op], str | None]
"""Returns None where the op keeps the rule, else what it has instead ("stride 3x9").

The first line of its docstring is the rule: a line of docs/SUPPORTED_OPS.md and the head of the error.
"""


@dataclass(frozen=True)
class Operator:
    """One operator of TFLite.

    Attributes:
        kind: name in TFLite's schema.
        from_options: makes the typed attributes; raises ValueError on values outside the schema's enums.
        rules: all must hold for the op to be supported. They run before `infer`; none may raise
            on a malformed op (wrong number of operands, wrong ranks): such an op breaks a rule.
        infer: shapes of the outputs; a file whose tensors say otherwise is damaged.
        evaluate: values of the outputs from constant inputs, bit-exact with TFLM, or None where an op is
            never folded. Absent optional inputs are None.
        macs: multiply-accumulates of one inference, 0 where the op has none.
    """

    kind: str
    rules: tuple[Rule, ...]
    infer: Callable[[Graph, Op], tuple[Shape, ...]]
    from_options: Callable[[Options], Attributes] = field(default=lambda options: Attributes())
    evaluate: Callable[[Graph, Op, Sequence[Array | None]], tuple[Array, ...]] | None = None
    macs: Callable[[Graph, Op], int] = field(default=lambda graph, op: 0)


def rule_text(rule: Rule) -> str:
    """The sentence that states `rule`: the first line of its docstring."""
    return (rule.__doc__ or "").strip().splitlines()[0]


@dataclass(frozen=True)
class Violation:
    """A rule that an op breaks: which, and what the op has instead."""

    op: Op
    rule: str
    found: str
