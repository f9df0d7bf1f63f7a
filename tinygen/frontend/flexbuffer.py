"""Decodes the options of custom ops: most of them are a FlexBuffer map of numbers."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

from flatbuffers import flexbuffers

Scalar = bool | int | float | str

_MOST_FIELDS = 1024


def fields(data: bytes) -> Mapping[str, Scalar]:
    """The scalar fields of a FlexBuffer map, by key; fields of other types are left out.

    Args:
        data: untrusted; none is an empty map.

    Raises:
        ValueError: where the bytes are no map.
    """
    if not data:
        return MappingProxyType({})
    try:
        return MappingProxyType(_decode(data))
    except (struct.error, LookupError, ValueError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError("custom options that are no FlexBuffer map") from error


def _decode(data: bytes) -> dict[str, Scalar]:
    root = flexbuffers.GetRoot(data)
    if not root.IsMap or len(root.AsMap) > _MOST_FIELDS:
        raise ValueError("not a map, or a large one")
    pairs = zip(root.AsMap.Keys, root.AsMap.Values, strict=True)
    return {str(key.AsKey): value for key, ref in pairs if (value := _scalar(ref)) is not None}


def _scalar(ref: flexbuffers.Ref) -> Scalar | None:
    if ref.IsBool:
        return bool(ref.AsBool)
    if ref.IsInt:
        return int(ref.AsInt)
    if ref.IsFloat:
        return float(ref.AsFloat)
    return str(ref.AsString) if ref.IsString else None
