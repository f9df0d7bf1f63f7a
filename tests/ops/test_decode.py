"""TFLM_DECODE: every way of compression and dtype, against TFLM and against what was encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.support import compressed
from tests.support.tflite_writer import ModelWriter
from tinygen import frontend
from tinygen.errors import ModelError
from tinygen.ir import Array, DType
from tinygen.numerics import decompress
from tinygen.oracle import TflmOracle

DTYPES = (DType.BOOL, DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64)
SHAPE = (4, 5, 3, 4)


@dataclass(frozen=True)
class Encoded:
    """A tensor, how it is encoded, and how it is quantized."""

    values: Array
    dtype: DType
    pair: tuple[Array, Array]
    zero_points: tuple[int, ...] = ()
    axis: int = 0

    def write(self, w: ModelWriter) -> tuple[list[int], int]:
        """Add both tensors and the decoded one; returns inputs and output."""
        encoded, ancillary = (w.constant("c", item, DType.UINT8) for item in self.pair)
        scales = tuple(0.5 + index for index in range(len(self.zero_points)))
        result = w.tensor("d", self.values.shape, self.dtype, scales, self.zero_points, self.axis)
        return [encoded, ancillary], result


def channels(axis: int | None) -> Array:
    indices = np.arange(np.prod(SHAPE))
    if axis is None:
        return np.zeros_like(indices)
    return indices % SHAPE[-1] if axis == 3 else indices // (indices.size // SHAPE[0])


def numbers(rng: np.random.Generator, dtype: DType, size: int) -> Array:
    if dtype is DType.BOOL:
        return rng.integers(0, 2, size).astype(bool)
    return rng.integers(-100, 100, size).astype(dtype.numpy)


def by_table() -> Iterator[Encoded]:
    rng = np.random.default_rng(0)
    for dtype in DTYPES:
        for width in range(1, 8):
            for axis in (None, 0, 3):
                stride = (1 << width) + 1
                table = numbers(rng, dtype, stride * (1 if axis is None else 4))
                indices = rng.integers(0, 1 << width, np.prod(SHAPE))
                values = table[indices + stride * channels(axis)].reshape(SHAPE)
                pair = compressed.lut(indices, table, width, stride)
                yield Encoded(values, dtype, pair, () if axis is None else (0,) * 4, axis or 0)


def by_pruning() -> Iterator[Encoded]:
    rng = np.random.default_rng(1)
    for dtype in DTYPES:
        for zeros, axis in (
            ((), 0),
            ((0,), 0),
            ((7,), 0),
            ((0,) * 4, 3),
            ((5, -3, 0, 9), 0),
            ((1, 2, 3, 4), 3),
        ):
            if any(zeros) and dtype is not DType.INT8:
                continue
            kept = rng.integers(0, 2, SHAPE).astype(bool)
            points = np.zeros(kept.size, np.int64)
            if zeros:
                points = np.asarray(zeros)[channels(axis if len(zeros) > 1 else None)]
            dense = numbers(rng, dtype, kept.size).reshape(SHAPE)
            values = np.where(kept, dense, points.reshape(SHAPE).astype(dtype.numpy))
            yield Encoded(values, dtype, compressed.pruned(dense, kept), zeros, axis)


def by_huffman() -> Iterator[Encoded]:
    rng = np.random.default_rng(2)
    for dtype, wide in ((DType.INT8, False), (DType.INT8, True), (DType.INT16, True)):
        for first, further in ((1, 1), (3, 2), (8, 3), (16, 1)):
            values = np.rint(rng.laplace(0, 6, SHAPE)).clip(-128, 127).astype(dtype.numpy)
            values *= 200 if dtype is DType.INT16 else 1
            pair = compressed.huffman(values, first, further, wide=wide)
            yield Encoded(values, dtype, pair)


def model(tensors: list[Encoded]) -> bytes:
    """A model whose outputs are the decoded tensors, two of them by each op."""
    w = ModelWriter()
    w.input("x", (1, 1), scales=0.5)
    outputs = []
    for start in range(0, len(tensors), 2):
        written = [item.write(w) for item in tensors[start : start + 2]]
        results = [result for _, result in written]
        w.op("TFLM_DECODE", [key for inputs, _ in written for key in inputs], results)
        outputs += results
    return w.finish(outputs)


def decoded(data: bytes) -> list[Array | None]:
    graph = frontend.survey(data, "compressed").model.main
    return [graph.tensors[key].data for key in graph.outputs]


@pytest.mark.oracle
@pytest.mark.parametrize("way", [by_table, by_pruning, by_huffman])
def test_tensors_are_decoded_as_by_tflm(way) -> None:
    tensors = list(way())
    data = model(tensors)
    (run,) = TflmOracle(data).run([(np.zeros((1, 1), np.int8),)])
    for item, found, reference in zip(tensors, decoded(data), run.outputs, strict=True):
        assert found is not None
        assert found.dtype == item.values.dtype
        assert np.array_equal(found, item.values)
        assert np.array_equal(reference, item.values)


def test_tflms_own_example_of_huffman_codes() -> None:
    """Source: tensorflow/lite/micro/kernels/decode_state_huffman_test.cc."""
    entries = [0x986D, 0x9861, 0x986A, 5, 0x0806, 0x0809, 0xE, 0xF, 0x886F, 0x8868, 0x8864, 0x8864, 0x9069]
    entries += [0x9066, 0x8863, 0x8863, 2, 0x906B, 0x8867, 0x886C, 0x8865, 0x8862, 0x8870, 0x886E]
    codes = "F00D79FC9C1A6E4C32AF29B35DF6360250158CA795DB29683FBAB7EDB119E2E0"
    symbols = decompress.huffman(
        np.frombuffer(bytes.fromhex(codes), np.uint8), np.array(entries, np.uint16), 3, 64
    )
    text = "nmmacnanefdacopjomeckifookhbdbdmjjdmjgojfecpbiibmanbbjbnlgjafejp"
    assert bytes(symbols.astype(np.uint8)).decode() == text


def test_long_streams_are_decoded_piece_by_piece() -> None:
    values = np.random.default_rng(3).integers(-8, 8, 100_000).astype(np.int8)
    encoded, ancillary = compressed.huffman(values, 4, 4, wide=False)
    symbols = decompress.huffman(encoded, ancillary[16:].view(np.uint16), 4, values.size)
    assert np.array_equal(symbols.astype(np.int8), values)


def test_decoded_weights_are_constants_to_other_ops() -> None:
    values = np.arange(-4, 4, dtype=np.int8).reshape(2, 4)
    weights = Encoded(values, DType.INT8, compressed.lut(np.arange(8), values.ravel(), 3, 8), (0,))
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    inputs, result = weights.write(w)
    y = w.tensor("y", (1, 2), scales=0.5)
    w.op("TFLM_DECODE", inputs, [result])
    w.op("FULLY_CONNECTED", [x, result, None], [y], {})
    graph = frontend.parse(w.finish([y]), "compressed").main
    (op,) = graph.ops
    assert (op.kind, op.sources) == ("FULLY_CONNECTED", (1,))
    assert np.array_equal(graph.operand(op, 1).data, values)
    assert inputs[0] not in graph.tensors


def test_scales_that_compression_left_on_encoded_tensors_are_ignored() -> None:
    """TFLM's compress() changes the shape of a tensor to that of its bytes, and keeps its quantization."""
    item = next(item for item in by_table() if item.dtype is DType.INT8 and item.axis == 3)
    w = ModelWriter()
    w.input("x", (1, 1), scales=0.5)
    foreign = {"scales": (0.5,) * 4, "axis": 3}
    encoded = w.constant("c", item.pair[0], DType.UINT8, **foreign)
    ancillary = w.constant("a", item.pair[1], DType.UINT8)
    result = w.tensor("d", SHAPE, **foreign)
    w.op("TFLM_DECODE", [encoded, ancillary], [result])
    (found,) = decoded(w.finish([result]))
    assert np.array_equal(found, item.values)


def table_of(dtype: DType) -> Encoded:
    return next(item for item in by_table() if item.dtype is dtype)


def broken(item: Encoded, part: int, at: int, value: int) -> Encoded:
    pair = [array.copy() for array in item.pair]
    pair[part][at] = value
    return replace(item, pair=(pair[0], pair[1]))


def cut(item: Encoded, part: int, size: int) -> Encoded:
    pair = list(item.pair)
    pair[part] = pair[part][:size]
    return replace(item, pair=(pair[0], pair[1]))


GOOD = table_of(DType.INT8)
KEPT = next(item for item in by_pruning() if item.dtype is DType.INT8)
CODED = next(by_huffman())
WRONG = {
    "decode type 3": broken(GOOD, 1, 0, 3),
    "decode type custom": broken(GOOD, 1, 0, 200),
    "versions 2 and 1 of LUT": broken(GOOD, 1, 1, 2),
    "versions 1 and 0 of pruning": broken(KEPT, 1, 4, 0),
    "9 bytes of ancillary data": cut(GOOD, 1, 9),
    "indices of 0 bits": broken(GOOD, 1, 5, 0),
    "3 bytes of indices for 240 elements of 1 bits": cut(GOOD, 0, 3),
    "index 1 of 1 values": cut(GOOD, 1, 17),
    "3 bytes of a mask for 240 elements": cut(KEPT, 0, 3),
    "2 values for": cut(KEPT, 1, 18),
    "the codes end after 0 of 240 elements": cut(CODED, 0, 0),
    "no code at bit": cut(CODED, 1, 18),
    "uint8 by LUT": replace(GOOD, dtype=DType.UINT8),
    "int32 by Huffman": replace(CODED, dtype=DType.INT32),
    "int16 from a table of 16-bit entries": replace(CODED, dtype=DType.INT16),
    "int16 with zero points other than 0": replace(KEPT, dtype=DType.INT16, zero_points=(4,)),
    "channels along axis 1 of [4, 5, 3, 4]": replace(GOOD, zero_points=(0,) * 5, axis=1),
}


@pytest.mark.parametrize("found", WRONG)
def test_what_cannot_be_decoded_is_refused(found: str) -> None:
    with pytest.raises(ModelError, match="not supported") as error:
        frontend.parse(model([WRONG[found]]), "compressed")
    assert f"Found: {found}" in error.value.why[0]


def test_damaged_codes_neither_hang_nor_read_outside() -> None:
    rng = np.random.default_rng(4)
    refused = 0
    for _ in range(200):
        encoded, ancillary = (array.copy() for array in CODED.pair)
        ancillary[rng.integers(16, ancillary.size, 3)] = rng.integers(0, 256, 3)
        try:
            decompress.huffman(encoded, ancillary[16:].view(np.uint16), 1, CODED.values.size)
        except ValueError:
            refused += 1
    assert 0 < refused < 200


def test_compression_by_metadata_is_refused_with_the_reason() -> None:
    w = ModelWriter(metadata=["min_runtime_version", "COMPRESSION_METADATA"])
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("RELU", [x], [y])
    with pytest.raises(ModelError, match="compressed by metadata") as error:
        frontend.parse(w.finish([y]), "compressed")
    assert "DECODE" in error.value.why[0]
