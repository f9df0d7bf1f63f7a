"""Window geometry against TFLite's formulas, by counting."""

from __future__ import annotations

import itertools

import pytest

from tinygen.ops.geometry import Activation, Padding, Pads, output_size, resolve_pads


def positions(size: int, window: int, stride: int, dilation: int, before: int, after: int) -> int:
    """Places at which a dilated window fits into the padded input, counted one by one."""
    last = (window - 1) * dilation
    return sum(1 for start in range(-before, size + after, stride) if start + last < size + after)


@pytest.mark.parametrize(("size", "window"), list(itertools.product((1, 4, 5, 10, 11), (1, 2, 3, 5))))
def test_output_size_counts_the_positions_of_the_window(size: int, window: int) -> None:
    for stride, dilation in itertools.product((1, 2, 3), (1, 2)):
        valid = output_size(Padding.VALID, (size, size), (window, window), (stride, 1), (dilation, 1))
        assert max(valid[0], 0) == positions(size, window, stride, dilation, 0, 0)
        padded = output_size(Pads(1, 2, 0, 0), (size, 9), (window, 1), (stride, 1), (dilation, 1))
        assert max(padded[0], 0) == positions(size, window, stride, dilation, 1, 2)


@pytest.mark.parametrize(("size", "window"), list(itertools.product((1, 4, 5, 10, 11), (1, 2, 3, 5))))
def test_same_padding_makes_one_output_per_stride(size: int, window: int) -> None:
    for stride, dilation in itertools.product((1, 2, 3), (1, 2)):
        geometry = ((size, 7), (window, 3), (stride, 2), (dilation, 1))
        height, width = output_size(Padding.SAME, *geometry)
        pads = resolve_pads(Padding.SAME, *geometry)
        assert height == -(-size // stride)
        assert width == 4
        assert 0 <= pads.bottom - pads.top <= 1
        assert positions(size, window, stride, dilation, pads.top, pads.bottom) == height


def test_the_odd_element_of_same_padding_is_at_the_end() -> None:
    assert resolve_pads(Padding.SAME, (4, 4), (2, 4), (1, 1)) == Pads(0, 1, 1, 2)


def test_explicit_pads_are_themselves() -> None:
    pads = Pads(1, 2, 3, 4)
    assert resolve_pads(pads, (9, 9), (3, 3), (2, 2)) is pads
    assert resolve_pads(Padding.VALID, (9, 9), (3, 3), (2, 2)) == Pads(0, 0, 0, 0)


def test_enumerations_print_as_their_names() -> None:
    assert f"{Padding.SAME} {Activation.RELU6} {Pads(0, 1, 0, 1)}" == "SAME RELU6 (0, 1, 0, 1)"
