"""Files made to break the reader: it answers or refuses, quickly and in little memory."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from tests.support.small_models import conv_classifier
from tests.support.tflite_writer import ModelWriter
from tinygen.errors import ModelError
from tinygen.frontend import graphs, survey
from tinygen.frontend.refusals import FULL_INT8
from tinygen.ir import DType, format_graph


def outcome(data: bytes) -> str:
    """The text of the graph, or of the error; anything else that is raised fails the test."""
    try:
        found = survey(data, "hostile")
        graph = format_graph(found.model.main)
        found.supported()
    except ModelError as error:
        text = str(error)
        assert len(text) < 20_000
        return text
    return graph


def damaged(data: bytes) -> str:
    """Why the file is called damaged."""
    with pytest.raises(ModelError, match="damaged or truncated") as error:
        survey(data, "hostile")
    return str(error.value)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_no_byte_of_a_file_can_crash_the_reader(flip: int) -> None:
    data = bytearray(conv_classifier())
    slowest = 0.0
    # A step that is no multiple of 4 meets every byte of offsets and lengths, over the three flips.
    for position in range({0x01: 0, 0x80: 1, 0xFF: 2}[flip], len(data), 3):
        data[position] ^= flip
        start = time.perf_counter()
        outcome(bytes(data))
        slowest = max(slowest, time.perf_counter() - start)
        data[position] ^= flip
    assert slowest < 5


@pytest.mark.parametrize("seed", range(4))
def test_no_offset_or_length_can_crash_the_reader(seed: int) -> None:
    rng = random.Random(seed)
    original = conv_classifier()
    extremes = (0, 1, 4, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF8, len(original))
    for _ in range(400):
        data = bytearray(original)
        for _ in range(rng.choice((1, 2, 6))):
            position = rng.randrange(len(data) // 4) * 4
            struct.pack_into("<I", data, position, rng.choice((*extremes, rng.randrange(len(data)))))
        outcome(bytes(data))


def test_random_bytes_after_the_identifier() -> None:
    rng = random.Random(3)
    for length in (8, 9, 64, 1000):
        for _ in range(50):
            outcome(rng.randbytes(4) + b"TFL3" + rng.randbytes(length))


def fully_connected(change: Callable[[ModelWriter], None] = lambda w: None, **tensor: object) -> bytes:
    """A small model whose weights are described by `tensor` and that `change` alters."""
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    details: dict[str, object] = {"scales": 0.1, "buffer": w.raw_buffer(bytes(12)), **tensor}
    matrix = w.tensor("weights", details.pop("shape", (3, 4)), details.pop("dtype", DType.INT8), **details)  # type: ignore[arg-type]
    y = w.tensor("y", (1, 3), scales=0.5)
    w.op("FULLY_CONNECTED", [x, matrix], [y], {})
    change(w)
    return w.finish([y])


@pytest.mark.parametrize(
    ("tensor", "told"),
    [
        ({"shape": (3, 5)}, "Tensor 1 'weights' needs 15 bytes of data and has 12"),
        ({"dtype": DType.INT64}, "needs 96 bytes of data and has 12"),
        ({"shape": (2**31 - 1, 2**31 - 1)}, "Tensor 1 'weights' has shape [2147483647, 2147483647]"),
        ({"shape": (2**20, 2**20, 2**20, 2**20)}, "has shape [1048576"),
        ({"shape": (3, -5)}, "has shape [3, -5]"),
        ({"shape": (1,) * 9}, "Shape has 9 entries"),
        ({"buffer": 77}, "names buffer 77 of 2"),
        ({"scales": (0.1, 0.2)}, "has 2 scales and 2 zero points along axis 0 of [3, 4]"),
        ({"scales": (0.1, 0.2, 0.3), "axis": -1}, "3 scales and 3 zero points along axis -1"),
        ({"scales": (0.1, 0.2, 0.3), "axis": 2}, "along axis 2"),
        ({"zero_points": (1, 2)}, "1 scales and 2 zero points"),
    ],
)
def test_tensors_that_contradict_themselves(tensor: dict[str, object], told: str) -> None:
    assert told in damaged(fully_connected(**tensor))


def add_op(inputs: list[int | None], outputs: list[int]) -> Callable[[ModelWriter], None]:
    return lambda w: w.op("RELU", inputs, outputs)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (add_op([99], [2]), "Tensor 99 of 3 is named"),
        (add_op([-7], [2]), "Tensor -7 of 3 is named"),
        (add_op([0], [-1]), "Tensor -1 of 3 is named"),
        (add_op([0], [2]), "Op 1 RELU writes tensor 2, which has a value already"),
        (add_op([0], [1]), "Op 1 RELU writes tensor 1, which has a value already"),
        (add_op([0], [0]), "Op 1 RELU writes tensor 0, which has a value already"),
        (lambda w: w.inputs.append(0), "Tensor 0 is an input twice"),
        (lambda w: w.inputs.append(1), "Input tensor 1 is a constant"),
        (lambda w: w.inputs.append(5), "Tensor 5 of 3 is named"),
        (lambda w: w.inputs.clear(), "Op 0 FULLY_CONNECTED reads tensor 0 before it is written"),
    ],
)
def test_graphs_that_contradict_themselves(change: Callable[[ModelWriter], None], told: str) -> None:
    assert told in damaged(fully_connected(change))


def test_a_cycle_of_ops() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    a, b = (w.tensor(name, (1, 4), scales=0.5) for name in "ab")
    w.op("ADD", [x, b], [a], {})
    w.op("RELU", [a], [b])
    assert "Op 0 ADD reads tensor 2 before it is written" in damaged(w.finish([b]))


def test_many_faults_are_summed_up() -> None:
    w = ModelWriter()
    y = w.tensor("y", (1, 4), scales=0.5)
    for _ in range(5000):
        w.op("RELU", [y], [y])
    message = damaged(w.finish([y]))
    assert "more" in message
    assert len(message) < 1000


def test_an_empty_activation() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 0), scales=0.5)
    y = w.tensor("y", (1, 0), scales=0.5)
    w.op("RELU", [x], [y])
    assert "Tensor 0 'x' is empty: shape [1, 0]" in damaged(w.finish([y]))


def test_activations_beyond_any_memory() -> None:
    w = ModelWriter()
    x = w.input("x", (1 << 26,), scales=0.5)
    for index in range(6):
        y = w.tensor(f"t{index}", (1 << 26,), scales=0.5)
        w.op("RELU", [x], [y])
        x = y
    assert "more than 268435456 elements together" in damaged(w.finish([x]))


def test_more_ops_than_any_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "MAX_GRAPH", 10)
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 4), scales=0.5)
    for _ in range(11):
        w.op("RELU", [x], [y])
    assert "A subgraph has 2 tensors and 11 ops" in damaged(w.finish([y]))


def test_long_names_are_kept_and_cut_in_messages() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("long\n" * 2000, (1, 4), scales=0.5)
    w.op("RELU_N1_TO_1", [x], [y])
    found = survey(w.finish([y]), "hostile")
    assert len(found.model.main.tensors[y].name) == 10_000
    with pytest.raises(ModelError) as error:
        found.supported()
    lines = str(error.value).splitlines()
    assert max(map(len, lines)) < 300
    assert "long?long?" in lines[1]


def test_names_that_are_not_text() -> None:
    data = conv_classifier().replace(b"conv/Relu6", b"conv\xff\xfeelu6")
    graph = survey(data, "hostile").model.main
    assert graph.result(graph.ops[0]).name == "conv\ufffd\ufffdelu6"


def table_field(data: bytes | bytearray, table: int, slot: int) -> int:
    """Position of a field of a flatbuffer table."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    return int(table + struct.unpack_from("<H", data, vtable + 4 + 2 * slot)[0])


def follow(data: bytes | bytearray, position: int) -> int:
    return int(position + struct.unpack_from("<I", data, position)[0])


def tensor_field(data: bytes | bytearray) -> int:
    """Position of the offset to the first subgraph's tensors (Model field 2, SubGraph field 0)."""
    graphs = follow(data, table_field(data, follow(data, 0), 2))
    return table_field(data, follow(data, graphs + 4), 0)


def amplified() -> bytes:
    """40,000 tensors that all are one table, with a name of a million characters: 40 GB decoded."""
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("RELU", [x], [y])
    data = bytearray(w.finish([y]))
    start = (len(data) + 3) // 4 * 4
    count, name = 40_000, 1_000_000
    # Offsets lead forwards, so the table comes after the vector that names it.
    table = start + 4 + 4 * count + 12
    data += bytes(start - len(data)) + struct.pack("<I", count)
    data += b"".join(struct.pack("<I", table - (start + 4 + 4 * index)) for index in range(count))
    # vtable: 12 bytes, a table of 8; only the name (field 3) is there. Then the table and the name.
    data += struct.pack("<6H", 12, 8, 0, 0, 0, 4)
    data += struct.pack("<iI", 12, 4) + struct.pack("<I", name) + b"n" * name + b"\0"
    field = tensor_field(data)
    struct.pack_into("<I", data, field, start - field)
    return bytes(data)


def test_a_file_cannot_name_one_table_often_to_eat_memory() -> None:
    data = amplified()
    start = time.perf_counter()
    tracemalloc.start()
    message = damaged(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.perf_counter() - start < 20
    assert peak < 100 << 20
    assert "lists more than 2000000 things" in message


def test_string_constants_do_not_make_a_file_damaged() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    words = w.tensor("words", (2,), DType.STRING, buffer=w.raw_buffer(b"\2\0\0\0"))
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("HASHTABLE_LOOKUP", [x, words], [y])
    assert "HASHTABLE_LOOKUP" in outcome(w.finish([y]))


def test_a_scalar_shape_without_data_is_an_empty_constant() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 1), scales=0.5)
    shape = w.tensor("shape", (0,), DType.INT32)
    y = w.tensor("y", (), scales=0.5)
    w.op("RESHAPE", [x, shape], [y])
    graph = survey(w.finish([y]), "x").supported().main
    data = graph.operand(graph.ops[0], 1).data
    assert data is not None
    assert data.shape == (0,)
    assert data.dtype == np.int32


def test_the_hint_for_full_int8_reads_as_python() -> None:
    lines = [line.strip() for line in FULL_INT8.splitlines()[1:]]
    compile("\n".join(lines), "hint", "exec")
