"""Compares what the firmware computed with the oracle."""

from tinygen.verify.compare import Comparison, Difference, OutputMismatch, compare, decode_outputs, encode
from tinygen.verify.divergence import Divergence, diagnose, first_divergence
from tinygen.verify.inputs import load_inputs, random_inputs

__all__ = [
    "Comparison",
    "Difference",
    "Divergence",
    "OutputMismatch",
    "compare",
    "decode_outputs",
    "diagnose",
    "encode",
    "first_divergence",
    "load_inputs",
    "random_inputs",
]
