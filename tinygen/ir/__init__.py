"""The intermediate representation: graphs of ops over quantized tensors; imports nothing else of tinygen."""

from tinygen.ir.dtype import DType
from tinygen.ir.graph import Attributes, Graph, Model, Op
from tinygen.ir.printer import format_graph, format_type
from tinygen.ir.tensor import Array, Origin, Quantization, Tensor
from tinygen.ir.verify import GraphError, verify

__all__ = [
    "Array",
    "Attributes",
    "DType",
    "Graph",
    "GraphError",
    "Model",
    "Op",
    "Origin",
    "Quantization",
    "Tensor",
    "format_graph",
    "format_type",
    "verify",
]
