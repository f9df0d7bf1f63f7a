"""Fills the templates: a Plan in, a Library out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jinja2

from tinygen import resources
from tinygen.codegen import headers, model_view, names
from tinygen.codegen.library import Library, Options
from tinygen.codegen.scope import call_of
from tinygen.codegen.view import ModelView
from tinygen.planning.plan import Plan

_COMMON = "common.h"


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.templates() / "library", encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        newline_sequence="\n",
        autoescape=False,
    )


def _sources(view: ModelView) -> Mapping[str, str]:
    environment = _environment()
    templates = {
        f"src/{view.name}.h": "model.h.j2",
        f"src/{view.name}.c": "model.c.j2",
        f"src/{view.name}_weights.h": "model_weights.h.j2",
        f"src/{view.name}_weights.c": "model_weights.c.j2",
        "library.json": "library.json.j2",
    }
    return {path: environment.get_template(name).render(model=view) for path, name in templates.items()}


def _folders(plan: Plan) -> list[Path]:
    """Where the headers of custom operators are."""
    folders = (call_of(step).folder for step in plan.calls())
    return list(dict.fromkeys(folder for folder in folders if folder is not None))


def generate(
    model_name: str, sha256: str, plan: Plan, options: Options | None = None, *, kernels: Path | None = None
) -> Library:
    """Generate the C library of a planned model.

    Args:
        model_name: prefix of every function and name of the files; a C identifier.
        sha256: hex digest of the model's file, for the banner.
        plan: from `planning.solve`.
        options: what the caller decides; the defaults where None.
        kernels: folder of kernel headers; the shipped ones where None.

    Returns:
        The library's files and facts; the same bytes for the same arguments.

    Raises:
        UsageError: where `model_name` cannot name a library.
    """
    names.check_model_name(model_name)
    view, facts = model_view.build(model_name, sha256, plan, options or Options())
    roots = [kernels or resources.firmware() / "kernels", *_folders(plan)]
    files = {path: text.encode("ascii") for path, text in _sources(view).items()}
    for path, content in headers.collect(roots, (_COMMON, *view.headers)).items():
        files[f"src/kernels/{path}"] = content
    return Library(
        name=model_name,
        sha256=sha256,
        files=dict(sorted(files.items())),
        inputs=facts.inputs,
        outputs=facts.outputs,
        layers=facts.layers,
        footprint=facts.footprint,
    )
