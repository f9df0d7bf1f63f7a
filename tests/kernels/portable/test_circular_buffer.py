"""CIRCULAR_BUFFER over successive calls, against TFLM; which of its uses are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from flatbuffers import flexbuffers

from tests.support.streams import check_calls
from tests.support.tflite_writer import ModelWriter
from tinygen.frontend import survey
from tinygen.ir import DType


def options(**fields: int) -> bytes:
    """A FlexBuffer map."""
    builder = flexbuffers.Builder()
    with builder.Map():
        for name, value in fields.items():
            builder.Int(name, value)
    return bytes(builder.Finish())


def add(
    writer: ModelWriter, row: Sequence[int], slots: int, custom_options: bytes, *, variable: bool = True
) -> int:
    """A buffer on an input of its own; its output."""
    x = writer.input("x", (1, 1, *row), scales=0.5, zero_points=-7)
    y = writer.tensor("y", (1, slots, *row), scales=0.5, zero_points=-7, variable=variable)
    writer.op("CIRCULAR_BUFFER", [x], [y], custom_options=custom_options)
    return y


@pytest.mark.oracle
def test_buffers_are_those_of_tflm(tmp_path: Path) -> None:
    """Read by other layers, by a second buffer, and as outputs of the model."""
    writer = ModelWriter()
    once = options(cycles_max=1)
    shapes = (((1, 1), 1, once), ((1, 3), 4, once), ((2, 5), 3, once), ((1, 8), 5, b""), ((3, 1), 13, b""))
    outputs = [add(writer, row, slots, given) for row, slots, given in shapes]
    for number, key in enumerate(outputs[:3]):
        shape = writer.tensors[key].shape
        total = writer.tensor(f"sum {number}", shape, scales=0.5, zero_points=-7)
        writer.op("ADD", [key, key], [total], {})
        outputs.append(total)
    chained = writer.tensor("chained", (1, 4, 1, 1), scales=0.5, zero_points=-7, variable=True)
    writer.op("CIRCULAR_BUFFER", [outputs[0]], [chained], custom_options=once)
    data = writer.finish([*outputs[1:], chained])
    check_calls(data, tmp_path, seed=4)


def broken(writer: ModelWriter, y: int) -> list[tuple[str, str]]:
    """(rule, found) of every violation."""
    return [(item.rule, item.found) for item in survey(writer.finish([y]), "m.tflite").violations]


def test_what_is_not_computed_in_every_call_is_refused() -> None:
    writer = ModelWriter()
    y = add(writer, (1, 4), 6, options(cycles_max=3))
    rule = "What follows is computed in every call: cycles_max is 1."
    assert broken(writer, y) == [(rule, "cycles_max 3")]
    writer = ModelWriter()
    assert broken(writer, add(writer, (1, 4), 6, b"")) == [(rule, "cycles_max 2")], "what TFLM assumes"


def test_the_output_is_a_variable() -> None:
    writer = ModelWriter()
    y = add(writer, (1, 4), 6, options(cycles_max=1), variable=False)
    assert broken(writer, y) == [("Has 1 input and 1 output, which is a variable.", "'y' is none")]


def test_operands_are_counted() -> None:
    writer = ModelWriter()
    x = writer.input("x", (1, 1, 1, 4), scales=0.5)
    y = writer.tensor("y", (1, 6, 1, 4), scales=0.5, variable=True)
    writer.op("CIRCULAR_BUFFER", [x, x], [y], custom_options=options(cycles_max=1))
    assert broken(writer, y) == [("Has 1 input and 1 output, which is a variable.", "inputs: 2, outputs: 1")]


@pytest.mark.parametrize(
    ("row", "state", "dtype", "found"),
    [
        ((1, 1, 1, 4), (1, 6, 1, 5), DType.INT8, "[1, 1, 1, 4] and int8[1, 6, 1, 5]"),
        ((1, 2, 1, 4), (1, 6, 1, 4), DType.INT8, "[1, 2, 1, 4] and int8[1, 6, 1, 4]"),
        ((2, 1, 1, 4), (2, 6, 1, 4), DType.INT8, "[2, 1, 1, 4] and int8[2, 6, 1, 4]"),
        ((1, 1, 1, 4), (1, 6, 4), DType.INT8, "[1, 1, 1, 4] and int8[1, 6, 4]"),
        ((1, 1, 1, 4), (1, 6, 1, 4), DType.INT16, "[1, 1, 1, 4] and int16[1, 6, 1, 4]"),
    ],
)
def test_shapes_and_dtypes_fit(
    row: tuple[int, ...], state: tuple[int, ...], dtype: DType, found: str
) -> None:
    writer = ModelWriter()
    x = writer.input("x", row, scales=0.5)
    y = writer.tensor("y", state, dtype, scales=0.5, variable=True)
    writer.op("CIRCULAR_BUFFER", [x], [y], custom_options=options(cycles_max=1))
    rule = "Input and output are [1, 1, width, depth] and [1, slots, width, depth] of int8."
    assert broken(writer, y) == [(rule, found)]


def test_cycles_are_a_number() -> None:
    writer = ModelWriter()
    y = add(writer, (1, 4), 6, options(cycles_max=-1))
    assert broken(writer, y) == [("The options have values that TFLM supports.", "cycles_max -1")]
