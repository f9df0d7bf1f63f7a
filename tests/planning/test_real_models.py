"""Plans of public and bundled models with the portable kernels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_kernels import HOST
from tests.support.models import model_path
from tinygen.frontend import read
from tinygen.ir import Graph
from tinygen.kernels.interface import Call, KernelSet, Overlap, Proposal, Region, TensorPointer
from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.kernels.portable import PORTABLE
from tinygen.passes import lower
from tinygen.planning import Plan, solve
from tinygen.target import Target

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "models").glob("*.tflite"))

MODELS = (
    "ad_autoencoder",
    "ic_resnet8",
    "keyword_alexa",
    "kws_ds_cnn",
    "mcunet_vww",
    "micro_speech",
    "mobilenet_v1_096_shape_ops",
    "person_detect",
    "vww_mobilenet_v1",
)


class InPlaceOnly:
    """The portable set without any overlap but that of element-wise ops on the same bytes."""

    name = "portable"

    def regions(self, graph: Graph) -> list[Region]:
        return list(PORTABLE.regions(graph))

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        proposal = PORTABLE.propose(region, graph, target)
        if not isinstance(proposal, list):
            return proposal
        elementwise = region[0].kind in ("ADD", "MUL", "RELU", "RELU6", "SOFTMAX", "QUANTIZE", "DEQUANTIZE")
        return [
            replace(
                candidate,
                overlaps=tuple(self._in_place(graph, item) for item in candidate.overlaps if elementwise),
            )
            for candidate in proposal
        ]

    @staticmethod
    def _in_place(graph: Graph, overlap: Overlap) -> Overlap:
        sizes = graph.tensors[overlap.input].bytes, graph.tensors[overlap.output].bytes
        same = IntervalSet.of((0, 0)) if 0 in overlap.allowed else IntervalSet()
        return replace(overlap, allowed=apart(*sizes) | same)


def planned(path: Path, kernels: KernelSet = PORTABLE) -> Plan:
    return solve(lower(read(path).main), [kernels], HOST)


def check(plan: Plan) -> None:
    """Every op once, every pointer somewhere, no two live buffers on the same bytes without leave."""
    covered = Counter(key for decision in plan.decisions for key in decision.covers)
    assert covered == Counter(op.id for op in plan.graph.ops)
    allowed = {
        (overlap.input, overlap.output): overlap.allowed
        for step in plan.steps
        for overlap in step.candidate.overlaps
    }
    for step in plan.steps:
        call = step.candidate.call
        assert isinstance(call, Call)
        pointers = [argument.pointer for argument in call.arguments]
        assert all(item.tensor in plan.views for item in pointers if isinstance(item, TensorPointer))
        read = [item.tensor for item in step.candidate.operands if _is_read(plan, step.index, item.tensor)]
        written = [item.tensor for item in step.candidate.operands if item.tensor not in read]
        for source in read:
            for result in written:
                sizes = plan.graph.tensors[source].bytes, plan.graph.tensors[result].bytes
                distance = plan.address(result) - plan.address(source)
                if distance not in apart(*sizes):
                    assert distance in allowed[source, result]
                    assert plan.buffers[plan.views[source].buffer].last == step.index
    for one in plan.buffers.values():
        for other in plan.buffers.values():
            overlaps_in_time = min(one.last, other.last) - max(one.first, other.first)
            if one.id < other.id and overlaps_in_time > 0:
                distance = plan.offsets[other.id] - plan.offsets[one.id]
                assert distance in apart(one.bytes, other.bytes)


def _is_read(plan: Plan, step: int, tensor: int) -> bool:
    producer = plan.graph.producer(tensor)
    return producer is None or producer.id not in plan.steps[step].candidate.covers


@pytest.mark.parametrize("name", MODELS)
def test_plans_of_public_models_hold(name: str) -> None:
    plan = planned(model_path(name))
    check(plan)
    assert plan.bounds.lower_bound <= plan.bounds.arena


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_plans_of_bundled_models_hold(path: Path) -> None:
    check(planned(path))
    check(planned(path, InPlaceOnly()))


@pytest.mark.parametrize(
    ("name", "arena"),
    [
        ("ad_autoencoder", 768),
        ("ic_resnet8", 49_152),
        ("kws_ds_cnn", 16_000),
        ("vww_mobilenet_v1", 55_296),
    ],
)
def test_element_wise_overlap_reaches_the_bound_of_lifetimes(name: str, arena: int) -> None:
    """The figures are what the tensors that are alive together need (Blacker et al., arXiv 2010.01668)."""
    plan = planned(model_path(name), InPlaceOnly())
    check(plan)
    assert plan.bounds.lower_bound == plan.bounds.arena == arena


@pytest.mark.parametrize(
    ("name", "arena"),
    [
        ("ad_autoencoder", 1_200),
        ("ic_resnet8", 52_000),
        ("kws_ds_cnn", 16_600),
        ("vww_mobilenet_v1", 56_500),
    ],
)
def test_arenas_stay_in_their_budgets(name: str, arena: int) -> None:
    assert planned(model_path(name)).bounds.arena <= arena
