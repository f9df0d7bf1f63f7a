"""What a reference implementation is to the rest of tinygen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tinygen.ir import Array

OracleName = Literal["tflm", "litert", "vectors"]

Sample = Sequence[Array]
"""The arrays of one inference, in the model's order; dtypes and shapes are the model's own."""


@dataclass(frozen=True)
class OracleRun:
    """What the reference computed for one sample.

    Attributes:
        outputs: the model's outputs, in the model's order.
        tensors: values right after the inference, by index in the source model's first subgraph; holds
            those of the requested indices that the oracle can observe.
    """

    outputs: tuple[Array, ...]
    tensors: Mapping[int, Array] = field(default_factory=dict)


class Oracle(Protocol):
    """A reference implementation of the model, or a file of what one computed."""

    @property
    def name(self) -> OracleName:
        """One of "tflm", "litert" and "vectors", as in the report."""

    @property
    def version(self) -> str:
        """Version of the reference implementation."""

    def run(self, samples: Sequence[Sample], keep: Sequence[int] = ()) -> list[OracleRun]:
        """Compute the samples as successive inferences after one reset.

        Args:
            samples: the inputs of each inference.
            keep: indices of tensors of the source model whose values are wanted too.

        Raises:
            ToolError: the reference could not run the model.
            BudgetError: it took too long.
            UsageError: a vectors file has no outputs for these samples.
        """
