"""Options of custom ops: FlexBuffer maps, and bytes that are none."""

from __future__ import annotations

import random

import pytest
from flatbuffers import flexbuffers

from tinygen.frontend import flexbuffer

GOOD = bytes(
    flexbuffers.Dumps({"max": 10, "regular": True, "iou": 0.5, "name": "x", "list": [1, 2], "none": None})
)


def test_scalars_are_kept_with_their_types() -> None:
    found = flexbuffer.fields(GOOD)
    assert dict(found) == {"max": 10, "regular": True, "iou": 0.5, "name": "x"}
    assert [type(found[key]) for key in ("max", "regular", "iou")] == [int, bool, float]


def test_no_bytes_are_no_fields() -> None:
    assert flexbuffer.fields(b"") == {}


@pytest.mark.parametrize("data", [b"\x00", b"\xff" * 9, b"not a map", bytes(flexbuffers.Dumps(7)), GOOD[:9]])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="FlexBuffer map"):
        flexbuffer.fields(data)


def test_changed_bytes_are_read_or_refused() -> None:
    rng = random.Random(0)
    refused = 0
    for _ in range(2000):
        data = bytearray(GOOD)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            flexbuffer.fields(bytes(data))
        except ValueError:
            refused += 1
    assert 0 < refused < 2000
