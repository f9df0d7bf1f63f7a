"""tinygen: a compiler from a quantized TensorFlow Lite model to a small, readable C library."""

__version__ = "0.1.0"
