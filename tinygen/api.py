"""What scripts import: the commands as functions that take paths and return reports.

    from pathlib import Path
    from tinygen import api

    settings = api.settle(Path.cwd(), [Path("model.tflite")], board="mps2-an386")
    result = api.test(settings)
    print(result.report.bit_exact, result.report.memory.arena)

Every function raises a `tinygen.errors.TinygenError` for what a user can cause.
"""

from __future__ import annotations

from pathlib import Path

from tinygen import boards as board_catalogue
from tinygen import files, frontend, oracle, passes, planning
from tinygen.building import Built, Compiled, Progress, Project, build, generate, project_folder
from tinygen.building import compile_model as compile  # the word for it; nothing here needs the builtin
from tinygen.doctor import Check, examine
from tinygen.kernels import registry
from tinygen.oracle import Provenance
from tinygen.oracle import vectors as vectors_npz
from tinygen.report import build as build_report
from tinygen.report import inspection
from tinygen.report import supported_ops as ops_table
from tinygen.running import RunResult, TestResult, run, samples_for, test
from tinygen.settings import Settings, allows_float, default_model, settle

__all__ = [
    "Built",
    "Compiled",
    "Progress",
    "Project",
    "RunResult",
    "Settings",
    "TestResult",
    "allows_float",
    "boards",
    "build",
    "compile",
    "default_model",
    "doctor",
    "generate",
    "inspect",
    "project_folder",
    "require_writable",
    "run",
    "settle",
    "supported_ops",
    "test",
    "vectors",
    "write_text",
]


def inspect(path: Path, *, allow_float: bool = False) -> inspection.InspectionReport:
    """Describe a model: ops, tensors, MACs, weights, memory, and every obstacle.

    Args:
        path: .tflite file.
        allow_float: accept a model that is float32 throughout.

    Raises:
        ModelError: the file is damaged.
        UsageError: it cannot be read.
    """
    survey = frontend.load(path, allow_float=allow_float)
    plan = None
    if survey.refusal is None and not survey.violations:
        target = board_catalogue.load("host").target()
        plan = planning.solve(passes.lower(survey.model.main), registry.select("auto"), target)
    return inspection.inspection(
        path, survey.model, violations=survey.violations, refusal=survey.refusal, plan=plan
    )


def boards() -> build_report.BoardsReport:
    """All boards."""
    return build_report.boards_report(board_catalogue.all_boards())


def supported_ops() -> str:
    """The operators with their rules and kernel sets, as Markdown."""
    return ops_table.page(ops_table.kernel_kinds(registry.kernel_sets()))


def doctor() -> tuple[Check, ...]:
    """What is installed, what works, and the command that gets what does not."""
    return examine()


def vectors(
    path: Path,
    output: Path,
    *,
    samples: int = 8,
    seed: int = 0,
    inputs: Path | None = None,
    allow_float: bool = False,
) -> str:
    """Write golden vectors: inputs and what the oracle computes for them.

    Args:
        path: .tflite file.
        output: .npz file to write.
        samples: how many random inputs.
        seed: of random inputs.
        inputs: a user's inputs instead of random ones.
        allow_float: accept a model that is float32 throughout.

    Returns:
        The oracle's name and version.

    Raises:
        TinygenError: the model, the inputs or the oracle is wrong or missing, or the file cannot be written.
    """
    files.require_writable(output)
    model = frontend.read(path, allow_float=allow_float)
    given = samples_for(model.main, inputs, samples, seed)
    reference = oracle.choose_oracle(path, model)
    runs = reference.run(given)
    origin = Provenance(model.sha256, reference.name, reference.version, None if inputs else seed)
    vectors_npz.save(output, given, [run.outputs for run in runs], origin)
    return f"{reference.name} {reference.version}"


def require_writable(path: Path | None) -> None:
    """Refuse a file that cannot be written, before the work that it is to hold the result of.

    Raises:
        UsageError: when it cannot be written.
    """
    files.require_writable(path)


def write_text(path: Path, text: str) -> None:
    """Write a file whole, or not at all.

    Raises:
        UsageError: when it cannot be written.
    """
    files.write(path, text.encode())
