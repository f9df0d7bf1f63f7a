"""Reference results: TFLM, LiteRT or a file of vectors."""

from tinygen.oracle.choose import choose_oracle
from tinygen.oracle.interface import Oracle, OracleRun, Sample
from tinygen.oracle.litert import LiteRtOracle
from tinygen.oracle.tflm import TflmOracle
from tinygen.oracle.vectors import Provenance, VectorsOracle

__all__ = [
    "LiteRtOracle",
    "Oracle",
    "OracleRun",
    "Provenance",
    "Sample",
    "TflmOracle",
    "VectorsOracle",
    "choose_oracle",
]
