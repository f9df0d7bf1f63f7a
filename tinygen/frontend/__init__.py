"""From .tflite to Graph; the only folder that knows flatbuffers."""

from tinygen.frontend.names import c_identifier, shortened
from tinygen.frontend.reader import Survey, load, parse, read, survey

__all__ = ["Survey", "c_identifier", "load", "parse", "read", "shortened", "survey"]
