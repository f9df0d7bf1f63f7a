"""From a Plan to C files."""

from tinygen.codegen.generate import generate
from tinygen.codegen.library import Footprint, Layer, Library, Options, Port

__all__ = ["Footprint", "Layer", "Library", "Options", "Port", "generate"]
