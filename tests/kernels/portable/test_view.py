from tests.support.op_cases import OpCase, tensor
from tinygen.kernels.interface import Operand, Placement


def test_a_view_is_a_placement_without_a_call():
    candidate = OpCase("VIEW", (tensor((1, 4, 2), 0.1),), tensor((8,), 0.1)).candidate()
    assert candidate.call is None
    assert candidate.placements == (Placement(1, base=0),)
    assert candidate.operands == (Operand(0, pitch=2), Operand(1, pitch=8))
    assert candidate.cost.instructions == 0


def test_a_scalar_has_pixels_of_one_element():
    candidate = OpCase("VIEW", (tensor((1, 1), 0.1),), tensor((), 0.1)).candidate()
    assert candidate.operands[1] == Operand(1, pitch=1)
