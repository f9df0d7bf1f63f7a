"""Checks an op against its operator's rules."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.ops.operator import Operator, Rule, Violation, rule_hint, rule_text


def layer_name(graph: Graph, op: Op) -> str:
    """The model's name for what `op` computes: that of its first output, or its kind where that has none."""
    return (graph.tensors[op.outputs[0]].name if op.outputs else "") or op.kind


def outputs_follow(operator: Operator) -> Rule:
    """The rule that the outputs have the shapes that `operator` computes."""

    def rule(graph: Graph, op: Op) -> str | None:
        """The output's shape follows from the inputs and the options.

        Convert the model again: the file contradicts itself.
        """
        expected = operator.infer(graph, op)
        actual = tuple(graph.tensors[key].shape for key in op.outputs)
        if expected == actual:
            return None
        return f"{_shapes(actual)} where {_shapes(expected)} is computed"

    return rule


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return " and ".join(str(list(shape)) for shape in shapes)


def check(operator: Operator, graph: Graph, op: Op) -> list[Violation]:
    """The rules that `op` breaks.

    Only the first broken rule of the operator's `form` is told, since the others build on it.
    """

    def broken(rule: Rule) -> list[Violation]:
        found = rule(graph, op)
        if found is None:
            return []
        return [Violation(op, layer_name(graph, op), rule_text(rule), found, rule_hint(rule))]

    for rule in operator.form:
        if violations := broken(rule):
            return violations
    violations = [violation for rule in operator.rules for violation in broken(rule)]
    return violations or broken(outputs_follow(operator))
