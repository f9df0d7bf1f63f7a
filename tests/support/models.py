"""Public models that tests use where they are; they are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def models_folder() -> Path:
    """$TINYGEN_MODELS, else ../shared/models beside the checkout."""
    configured = os.environ.get("TINYGEN_MODELS")
    return Path(configured) if configured else Path(__file__).parents[3] / "shared" / "models"


def model_path(name: str) -> Path:
    """Path of the public model `name` (without .tflite); skips the test where it is absent."""
    path = models_folder() / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"the public model {path.name} is not in {path.parent}; TINYGEN_MODELS names the folder")
    return path
