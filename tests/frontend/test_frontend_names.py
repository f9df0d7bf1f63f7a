from __future__ import annotations

import pytest

from tinygen.frontend import c_identifier, shortened


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("kws_ds_cnn", "kws_ds_cnn"),
        ("person detect-v2.1", "person_detect_v2_1"),
        ("96x96", "model_96x96"),
        ("__proto__", "proto"),
        ("int", "model_int"),
        ("namespace", "model_namespace"),
        ("", "model"),
        ("模型", "model"),
        ("x" * 500, "x" * 48),
    ],
)
def test_c_identifier(name: str, identifier: str) -> None:
    assert c_identifier(name) == identifier


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conv/Relu", "'conv/Relu'"),
        ("a\x1b[31mb\n", "'a?[31mb?'"),
        ("x" * 10_000, "'" + "x" * 29 + "…" + "x" * 29 + "'"),
        ("y" * 60, "'" + "y" * 60 + "'"),
    ],
)
def test_shortened(name: str, text: str) -> None:
    assert shortened(name) == text
