"""From a Plan to C files."""

from tinygen.codegen.generate import generate
from tinygen.codegen.library import Footprint, Layer, Library, Options, Port
from tinygen.codegen.names import check_model_name

__all__ = ["Footprint", "Layer", "Library", "Options", "Port", "check_model_name", "generate"]
