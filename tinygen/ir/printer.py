"""The textual form of a graph, for people and for goldens."""

from __future__ import annotations

import zlib
from dataclasses import fields

from tinygen.ir.graph import Attributes, Graph, Op
from tinygen.ir.tensor import Quantization, Tensor


def _quantization(quant: Quantization) -> str:
    if quant.per_channel:
        low, high = min(quant.scales), max(quant.scales)
        return f"q({low:.6g}..{high:.6g} x{len(quant.scales)} axis {quant.axis})"
    return f"q({quant.scale:.6g}, {quant.zero_point})"


def format_type(tensor: Tensor) -> str:
    """Dtype, shape and quantization, such as `int8[1,49,10,8] q(0.05, -3)`."""
    text = f"{tensor.dtype}[{','.join(map(str, tensor.shape))}]"
    return f"{text} {_quantization(tensor.quant)}" if tensor.quant else text


def _attributes(attributes: Attributes) -> str:
    pairs = [f"{item.name}={getattr(attributes, item.name)}" for item in fields(attributes)]
    return f" {{{', '.join(pairs)}}}" if pairs else ""


def _op(graph: Graph, op: Op) -> str:
    outputs = ", ".join(f"%{tensor}" for tensor in op.outputs)
    inputs = ", ".join("none" if tensor is None else f"%{tensor}" for tensor in op.inputs)
    types = ", ".join(format_type(graph.tensors[tensor]) for tensor in op.outputs)
    return f"  {outputs} = {op.kind}({inputs}){_attributes(op.attributes)} : {types}  # op {list(op.sources)}"


def format_graph(graph: Graph) -> str:
    """One line per constant (with a CRC of its value), input and op; the same text for equal graphs."""
    lines = [f"graph {graph.name!r} {{"]
    for key in graph.inputs:
        lines.append(f"  %{key} = input : {format_type(graph.tensors[key])}  # {graph.tensors[key].name!r}")
    for key, tensor in sorted(graph.tensors.items()):
        if tensor.data is not None:
            digest = zlib.crc32(tensor.data.tobytes())
            lines.append(f"  %{key} = constant 0x{digest:08x} : {format_type(tensor)}  # {tensor.name!r}")
        elif tensor.variable:
            lines.append(f"  %{key} = variable : {format_type(tensor)}  # {tensor.name!r}")
    lines += [_op(graph, op) for op in graph.ops]
    lines.append(f"  return {', '.join(f'%{key}' for key in graph.outputs)}")
    lines.append("}")
    return "\n".join(lines) + "\n"
