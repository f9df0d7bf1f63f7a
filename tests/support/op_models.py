"""Ops that passes rewrite: many as one model, from the file to C on the host, against an oracle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.support.host_library import compile_library, run_sanitized
from tests.support.op_cases import HOST
from tests.support.tflite_writer import ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.ir import Array, DType, Graph, Tensor
from tinygen.kernels.interface import KernelSet, Proposal, Region
from tinygen.kernels.portable import PORTABLE
from tinygen.ops.registry import operators
from tinygen.oracle import TflmOracle
from tinygen.oracle.litert import make as litert
from tinygen.target import Target


@dataclass(frozen=True)
class OpModel:
    """One op on operands of its own, made by `op_cases.tensor` and `constant`.

    Attributes:
        kind: of the operator.
        inputs: in schema order; None for one that is left out.
        outputs: in schema order.
        options: fields of the options table, enumerations by number.
        limits: (lowest, highest) of an integer input's random values, by position.
    """

    kind: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def activations(self) -> list[int]:
        """Positions of the inputs that are not constant, each tensor once."""
        firsts = {id(item): position for position, item in reversed(list(enumerate(self.inputs)))}
        return [
            position
            for position, item in enumerate(self.inputs)
            if item is not None and not item.is_constant and firsts[id(item)] == position
        ]

    def random_inputs(self, rng: np.random.Generator) -> list[Array]:
        """A value for each activation: any integers, ordinary real numbers."""
        return [self._random(position, rng) for position in self.activations]

    def _random(self, position: int, rng: np.random.Generator) -> Array:
        item = self.inputs[position]
        assert item is not None
        dtype = item.dtype.numpy
        if item.dtype is DType.FLOAT32:
            return rng.normal(0, 10, item.shape).astype(dtype)
        if item.dtype is DType.BOOL:
            return rng.integers(0, 2, item.shape).astype(dtype)
        info = np.iinfo(dtype)
        low, high = self.limits.get(position, (info.min, info.max))
        return rng.integers(low, high, item.shape, dtype, endpoint=True)

    def add_to(self, writer: ModelWriter, number: int) -> list[int]:
        """Add the op to a model; returns its outputs."""
        indices: dict[int, int] = {}

        def added(item: Tensor, name: str) -> int:
            quant = (
                {}
                if item.quant is None
                else {"scales": item.quant.scales, "zero_points": item.quant.zero_points}
            )
            if item.data is not None:
                return writer.constant(name, item.data, item.dtype, **quant)
            return (writer.tensor if name[0] == "y" else writer.input)(name, item.shape, item.dtype, **quant)

        for position, item in enumerate(self.inputs):
            if item is not None and id(item) not in indices:
                indices[id(item)] = added(item, f"x{number}_{position}")
        made = [added(item, f"y{number}_{position}") for position, item in enumerate(self.outputs)]
        named = [None if item is None else indices[id(item)] for item in self.inputs]
        writer.op(self.kind, named, made, dict(self.options) if operators()[self.kind].options else None)
        return made


class CopiesOnly:
    """The portable set without candidates that only place tensors, where there are others."""

    name = "portable"

    def regions(self, graph: Graph) -> Sequence[Region]:
        return PORTABLE.regions(graph)

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        proposal = PORTABLE.propose(region, graph, target)
        if not isinstance(proposal, list):
            return proposal
        return [candidate for candidate in proposal if candidate.call is not None] or proposal


def model_of(cases: Sequence[OpModel]) -> bytes:
    """A file with all cases beside each other."""
    writer = ModelWriter()
    outputs = [output for number, case in enumerate(cases) for output in case.add_to(writer, number)]
    return writer.finish(outputs)


def planned(data: bytes, kernels: KernelSet = PORTABLE) -> planning.Plan:
    """The plan of a file, whether or not most of it is float."""
    survey = frontend.survey(data, "m")
    assert not survey.violations, survey.violations
    graph = passes.lower(survey.model.main)
    # All inputs and outputs are alive together; a smaller arena for them is not worth the search.
    with patch("tinygen.planning.place._WORK", 0):
        return planning.solve(graph, [kernels], HOST)


def check_models(
    cases: Sequence[OpModel], folder: Path, *, oracle: str = "tflm", samples: int = 2, seed: int = 0
) -> None:
    """Run all cases in C, with views and with copies, and in the oracle; expect the same bits.

    The copies run under the address and undefined behaviour sanitizers.
    """
    data = model_of(cases)
    rng = np.random.default_rng(seed)
    inputs = [[value for case in cases for value in case.random_inputs(rng)] for _ in range(samples)]
    reference = TflmOracle(data) if oracle == "tflm" else litert(data, [cases[0].kind])
    expected = [run.outputs for run in reference.run(inputs)]
    with_views = codegen.generate("m", "0" * 64, planned(data))
    host = compile_library(with_views, folder / "views")
    _expect(cases, expected, [host.run(sample) for sample in inputs])
    with_copies = codegen.generate("m", "0" * 64, planned(data, CopiesOnly()))
    _expect(cases, expected, run_sanitized(with_copies, folder / "copies", inputs))


def _expect(
    cases: Sequence[OpModel],
    expected: Sequence[tuple[Array, ...]],
    found: Sequence[tuple[Array, ...]],
) -> None:
    owners = [(number, case) for number, case in enumerate(cases) for _ in case.outputs]
    for wanted, values in zip(expected, found, strict=True):
        for (number, case), one, other in zip(owners, wanted, values, strict=True):
            shapes = [item.shape for item in case.inputs if item is not None]
            where = f"case {number}, {case.kind} {shapes} {dict(case.options)}"
            assert one.dtype == other.dtype, where
            assert one.tobytes() == other.tobytes(), f"{where}: {one.ravel()[:8]} and {other.ravel()[:8]}"
