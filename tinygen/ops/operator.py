"""What an operator module declares; see CONTRIBUTING.md for adding one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tinygen.ir import Array, Attributes, Graph, Op

Options = Mapping[str, Any]
"""Options as the frontend read them.

A builtin operator's are the fields of its options table, the schema's names in snake_case. A custom
operator's are "custom_options", the raw bytes, or where its `options` is `FLEXBUFFER` the fields of that map.
"""

FLEXBUFFER = "flexbuffer"

Shape = tuple[int, ...]

Rule = Callable[[Graph, Op], str | None]
"""Returns None where the op keeps the rule, else what it has instead ("stride 3x9").

The first line of its docstring is the rule: a line of docs/SUPPORTED_OPS.md and the head of the error.
"""


Known = Sequence[Array | None]
"""Values of an op's inputs; None where an input is left out or not constant."""


@dataclass(frozen=True)
class Operator:
    """One operator of TFLite.

    Attributes:
        kind: name in TFLite's schema; of a custom operator its custom code.
        infer: shapes of the outputs where all rules hold; a file whose tensors say otherwise is damaged.
        form: rules on the number, ranks, dtypes and constness of the operands. They are asked in order up
            to the first that is broken; none may raise on a malformed op that keeps those before it.
        rules: further rules, asked where `form` holds; each can rely on it.
        options: name of its options table in the schema; empty where it has none or none that matters. Of a
            custom operator `FLEXBUFFER` or, for raw bytes, empty.
        from_options: makes the typed attributes; raises ValueError on values outside the schema's enums.
            A field that the file leaves out may be missing from the mapping.
        evaluate: values of the outputs, bit-exact with TFLM, or None where the inputs known do not
            suffice; None instead of a function where an op is never folded.
        macs: multiply-accumulates of one inference, 0 where the op has none.
        internal: made by passes only, never read from a file.
        custom: in the file it is a custom operator.
        subgraphs: fields of its options that name the graphs that it runs.
        decodes: makes constants of constants; the frontend evaluates it before it asks other ops' rules.
        updates: positions of the inputs that are variables which the op changes in place.
    """

    kind: str
    infer: Callable[[Graph, Op], tuple[Shape, ...]]
    form: tuple[Rule, ...]
    rules: tuple[Rule, ...] = ()
    options: str = ""
    from_options: Callable[[Options], Attributes] = field(default=lambda options: Attributes())
    evaluate: Callable[[Graph, Op, Known], tuple[Array, ...] | None] | None = None
    macs: Callable[[Graph, Op], int] = field(default=lambda graph, op: 0)
    internal: bool = False
    custom: bool = False
    subgraphs: tuple[str, ...] = ()
    decodes: bool = False
    updates: tuple[int, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """All rules as sentences, in the order in which they are asked."""
        return tuple(rule_text(rule) for rule in self.form + self.rules)


A = TypeVar("A", bound=Attributes)


def attributes_of(op: Op, expected: type[A]) -> A:
    """The attributes of `op`, checked to be of its operator's type.

    Raises:
        TypeError: where they are of another type.
    """
    if not isinstance(op.attributes, expected):
        raise TypeError(f"op {op.id} {op.kind} has {type(op.attributes).__name__}, not {expected.__name__}")
    return op.attributes


def rule_text(rule: Rule) -> str:
    """The sentence that states `rule`: the first line of its docstring."""
    return (rule.__doc__ or "").strip().splitlines()[0]


def rule_hint(rule: Rule) -> str:
    """What a user can do about a broken `rule`: the rest of its docstring, on one line."""
    return " ".join(" ".join((rule.__doc__ or "").strip().splitlines()[1:]).split())


@dataclass(frozen=True)
class Violation:
    """A rule that an op breaks.

    Attributes:
        op: the op.
        layer: the model's name for it: that of its first output.
        rule: the sentence that states the rule.
        found: what the op has instead.
        hint: what the user can do; empty where the rule says it all.
    """

    op: Op
    layer: str
    rule: str
    found: str
    hint: str = ""
