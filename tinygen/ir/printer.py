"""The textual form of a graph, for people and for goldens."""

from __future__ import annotations

import zlib
from dataclasses import fields

from tinygen.ir.graph import Attributes, Graph, Op
from tinygen.ir.tensor import Array, Quantization, Tensor


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
    values = [(item.name, getattr(attributes, item.name)) for item in fields(attributes)]
    pairs = [
        f"{name}={value.name!r}" if isinstance(value, Graph) else f"{name}={value}" for name, value in values
    ]
    return f" {{{', '.join(pairs)}}}" if pairs else ""


def _digest(values: Array) -> str:
    return f"0x{zlib.crc32(values.tobytes()):08x}"


def _op(graph: Graph, op: Op) -> str:
    results = [*(f"%{tensor}" for tensor in op.outputs), *(f"%{tensor}!" for tensor in op.updates)]
    inputs = ", ".join("none" if tensor is None else f"%{tensor}" for tensor in op.inputs)
    types = ", ".join(format_type(graph.tensors[tensor]) for tensor in (*op.outputs, *op.updates))
    call = f"{op.kind}({inputs}){_attributes(op.attributes)}"
    typed = f"{', '.join(results)} = {call} : {types}" if results else call
    lines = [f"  {typed}  # op {list(op.sources)}"]
    for subgraph in op.subgraphs:
        lines += [f"    {line}" for line in format_graph(subgraph).splitlines()]
    return "\n".join(lines)


def format_graph(graph: Graph) -> str:
    """One line per constant, variable, input and op; the same text for equal graphs.

    Constants and start values of variables are given by the CRC of their bytes; `%3!` is a variable that an
    op updates.
    """
    lines = [f"graph {graph.name!r} {{"]
    for key in graph.inputs:
        lines.append(f"  %{key} = input : {format_type(graph.tensors[key])}  # {graph.tensors[key].name!r}")
    for key, tensor in sorted(graph.tensors.items()):
        if tensor.data is not None:
            value = f"constant {_digest(tensor.data)}"
            lines.append(f"  %{key} = {value} : {format_type(tensor)}  # {tensor.name!r}")
        elif tensor.initial is not None:
            value = f"variable {_digest(tensor.initial)}"
            lines.append(f"  %{key} = {value} : {format_type(tensor)}  # {tensor.name!r}")
    lines += [_op(graph, op) for op in graph.ops]
    lines.append(f"  return {', '.join(f'%{key}' for key in graph.outputs)}")
    lines.append("}")
    return "\n".join(lines) + "\n"
