import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.kernels.traversal import backward, forward


def allowed_by_definition(last, outputs, input_size, output_size, *, reverse):
    """Distances at which no input byte is overwritten before its last read, by trying each pair of bytes."""
    order = range(outputs)[::-1] if reverse else range(outputs)
    time = {element: step for step, element in enumerate(order)}
    forbidden = set()
    for element, reader in enumerate(last):
        for written in range(outputs):
            if 0 <= reader < outputs and time[written] < time[reader]:
                for a in range(element * input_size, (element + 1) * input_size):
                    forbidden.update(a - b for b in range(written * output_size, (written + 1) * output_size))
    span = range(-outputs * output_size - 3, len(last) * input_size + 4)
    return [distance for distance in span if distance not in forbidden], span


@st.composite
def traversals(draw):
    outputs = draw(st.integers(1, 7))
    last = draw(st.lists(st.integers(0, outputs - 1), min_size=1, max_size=7))
    return last, outputs, draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from([1, 2, 4]))


@given(traversals())
def test_forward_is_the_definition(traversal):
    last, outputs, *sizes = traversal
    expected, span = allowed_by_definition(last, outputs, *sizes, reverse=False)
    allowed = forward(np.array(last), *sizes)
    assert [distance for distance in span if distance in allowed] == expected


@given(traversals())
def test_backward_is_the_definition(traversal):
    last, outputs, *sizes = traversal
    expected, span = allowed_by_definition(last, outputs, *sizes, reverse=True)
    allowed = backward(np.array(last), outputs, *sizes)
    assert [distance for distance in span if distance in allowed] == expected


@given(traversals())
def test_lying_apart_is_always_allowed(traversal):
    last, outputs, input_size, output_size = traversal
    clear = apart(len(last) * input_size, outputs * output_size)
    for allowed in (
        forward(np.array(last), input_size, output_size),
        backward(np.array(last), outputs, input_size, output_size),
    ):
        assert (allowed | clear) == allowed


def test_element_wise_kernels():
    assert forward(np.arange(10)) == IntervalSet.of((None, 0), (10, None))
    assert forward(np.arange(10), 4, 1) == IntervalSet.of((None, 3), (40, None))
    assert backward(np.arange(10), 10, 1, 4) == IntervalSet.of((None, -40), (-3, None))


def test_what_nothing_reads_may_be_overwritten():
    assert forward(np.array([-1, -1])) == IntervalSet.of((None, None))
    assert backward(np.array([5, 5]), 3) == IntervalSet.of((None, None))
