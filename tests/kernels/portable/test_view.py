import numpy as np

from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.op_cases import HOST, OpCase, constant, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Operand, Placement
from tinygen.kernels.portable import PORTABLE


def view(shape, output, dtype=DType.INT8):
    return OpCase("VIEW", (tensor(shape, dtype=dtype),), tensor(output, dtype=dtype))


def candidates(case):
    graph = case.graph
    return PORTABLE.propose(graph.ops, graph, HOST)


def test_a_view_is_a_placement_without_a_call():
    candidate, *copies = candidates(view((1, 4, 2), (8,)))
    assert candidate.call is None
    assert candidate.placements == (Placement(1, base=0),)
    assert candidate.operands == (Operand(0), Operand(1))
    assert candidate.cost.instructions == 0
    assert all(copy.call is not None and copy.cost.instructions > 0 for copy in copies)


def test_a_constant_has_no_place_in_the_arena():
    case = OpCase("VIEW", (constant([[1, 2]]),), tensor((2,), dtype=DType.INT32))
    for candidate in candidates(case):
        assert candidate.call is not None
        assert [item.tensor for item in candidate.operands] == [1]


def test_copies_at_every_pitch_equal_the_input(tmp_path):
    shapes = [((2, 3, 4), (6, 4)), ((2, 3, 4), (2, 12)), ((2, 3, 4), (4, 6)), ((5,), (5, 1)), ((2, 3), (6,))]
    ways = []
    for shape, output in shapes:
        case = view(shape, output, DType.INT16)
        for candidate in candidates(case)[1:]:
            free = {item.tensor for item in candidate.operands if item.pitch is None}
            rows = {0: shape[-1], 1: output[-1]}
            ways.append(KernelCase(case.graph, candidate, {key: rows[key] + 3 for key in free}))
    assert {tuple(sorted(way.pitches)) for way in ways} == {(), (0,), (1,), (0, 1)}
    library = KernelLibrary(ways, tmp_path)
    for index, way in enumerate(ways):
        source = way.graph.tensors[0]
        values = np.arange(source.elements, dtype=np.int16).reshape(source.shape)
        (found,) = library.run(index, {0: values}).values()
        assert np.array_equal(found.ravel(), values.ravel()), (index, way.candidate.name)


def test_copies_lie_apart():
    assert all(candidate.overlaps == () for candidate in candidates(view((3, 5), (15, 1))))
