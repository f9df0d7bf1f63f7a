"""Sliding windows against their definition, tap by tap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tinygen.kernels.interface import Parameter
from tinygen.kernels.window import Axis, Window, specialized
from tinygen.ops.geometry import Pads

AXES = st.builds(
    Axis,
    size=st.integers(1, 12),
    outputs=st.integers(1, 8),
    taps=st.integers(1, 5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    before=st.integers(0, 6),
)


def positions(axis: Axis, output: int) -> list[int]:
    """Input positions of an output's taps, inside or not."""
    return [output * axis.stride - axis.before + tap * axis.dilation for tap in range(axis.taps)]


@given(AXES)
def test_axis(axis: Axis) -> None:
    windows = [positions(axis, output) for output in range(axis.outputs)]
    inside = [[position for position in window if 0 <= position < axis.size] for window in windows]
    assert axis.inside().tolist() == [len(window) for window in inside]
    assert axis.whole().tolist() == [len(window) == axis.taps for window in inside]
    assert axis.padded == any(len(window) < axis.taps for window in inside)
    readers = [
        max((output for output, window in enumerate(inside) if position in window), default=-1)
        for position in range(axis.size)
    ]
    assert axis.last_reader().tolist() == readers


def test_window_counts_pixels_and_taps() -> None:
    window = Window.of((4, 5), (4, 5), (3, 3), (1, 1), (1, 1), Pads(1, 1, 1, 1))
    assert (window.pixels, window.taps, window.padded) == (20, 9, True)
    assert window.taps_inside == (4 * 3 - 2) * (5 * 3 - 2)
    values = {item.name: item.value for item in window.parameters()}
    assert (values["input_w"], values["output_h"], values["pad_left"]) == (5, 4, 1)


def test_specialized_names_only() -> None:
    parameters = (Parameter("a", 1, specialize=False), Parameter("b", 2), Parameter("c", 3, specialize=False))
    found = specialized(parameters, frozenset({"c"}))
    assert [(item.name, item.specialize) for item in found] == [("a", False), ("b", True), ("c", True)]
