"""From models to firmware: compiling, writing the project, building it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from tinygen import codegen, frontend, passes, planning, project
from tinygen.boards import Board
from tinygen.codegen import Library
from tinygen.errors import BudgetError, FitError, ModelError, UsageError
from tinygen.ir import Model
from tinygen.kernels import custom, registry
from tinygen.planning import Plan
from tinygen.project import BuildResult, Sizes, WriteResult
from tinygen.report import build as build_report
from tinygen.report import collect
from tinygen.report.sections import ImageInfo, ModelInfo, Usage
from tinygen.settings import Settings
from tinygen.target import MemoryKind

Progress = Callable[[str], None]
"""Told what begins now, in a few words."""

_LOCK_SECONDS = 900.0
"""As long as a build may take: whoever holds the lock longer has hung."""


def silent(text: str) -> None:
    """A `Progress` that tells nobody."""
    del text


@dataclass(frozen=True)
class Compiled:
    """A model, all the way to C.

    Attributes:
        path: the .tflite file.
        model: as read.
        plan: kernels, order and memory.
        library: the generated C library.
    """

    path: Path
    model: Model
    plan: Plan
    library: Library

    @property
    def info(self) -> ModelInfo:
        """What reports say about the model."""
        return ModelInfo(
            path=str(self.path),
            sha256=self.model.sha256,
            macs=collect.total_macs(self.model.main),
            live_macs=collect.total_macs(self.plan.graph),
        )

    @property
    def peak(self) -> str:
        """A sentence on where the arena's size comes from."""
        bounds, steps = self.plan.bounds, self.plan.steps
        inside = 0 <= bounds.peak_step < len(steps)
        layer = (
            f"layer {bounds.peak_step}, {steps[bounds.peak_step].name[:80]!r},"
            if inside
            else "input and output"
        )
        return (
            f"{self.library.name} has an arena of {bounds.arena:,} B; "
            f"its peak is at {layer} with {bounds.lower_bound:,} B alive."
        )


@dataclass(frozen=True)
class Project:
    """A project folder with what it was generated from."""

    folder: Path
    board: Board
    compiled: tuple[Compiled, ...]
    written: WriteResult


@dataclass(frozen=True)
class Built:
    """A built project.

    Attributes:
        project: what was built.
        result: PlatformIO's result.
        sizes: of the image; None where the image cannot be measured.
    """

    project: Project
    result: BuildResult
    sizes: Sizes | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth a warning: files that were edited by hand, and what could not be measured."""
        problem = self.result.baseline_problem.partition("\n")[0]
        unmeasured = f"The size of the code is not known: the image without models failed. {problem}"
        return (*self.project.written.warnings, *([unmeasured] if problem else []))

    @property
    def image(self) -> ImageInfo:
        """What reports say about the image."""
        result = self.result
        return ImageInfo(
            path=str(result.image), sha256=result.sha256, env=result.env, toolchain=str(result.toolchain)
        )

    @property
    def report(self) -> build_report.BuildReport:
        """What `tinygen build --json` prints."""
        made, sizes = self.project, self.sizes
        return build_report.BuildReport(
            board=made.board.id,
            project=str(made.folder),
            written=made.written.written,
            removed=made.written.removed,
            kept=made.written.kept,
            image=self.image,
            flash=None if sizes is None else _usage(made.board, MemoryKind.FLASH, sizes.flash),
            ram=None if sizes is None else _usage(made.board, MemoryKind.RAM, sizes.ram),
            code=None if sizes is None else sizes.code,
            models=tuple(
                build_report.BuiltModel(
                    name=item.library.name,
                    model=item.info,
                    memory=collect.memory(item.library.footprint, self.measured()),
                    layers=collect.layer_plans(item.plan),
                )
                for item in made.compiled
            ),
        )

    def measured(self, stack: int | None = None) -> collect.Measured:
        """What the report's memory section needs; the model's flash only where there is one model."""
        sizes = self.sizes
        alone = len(self.project.compiled) == 1
        if sizes is None or not alone:
            return collect.Measured(stack=stack)
        flash = None if sizes.code is None else sizes.code + sizes.weights + sizes.constants
        return collect.Measured(static_ram=sizes.static_ram, stack=stack, model_flash=flash)


def _usage(board: Board, kind: MemoryKind, used: int) -> Usage:
    sizes = [memory.size for memory in board.memories if memory.kind is kind]
    return Usage(used=used, size=sum(sizes) if sizes else None)


def compile_model(
    path: Path,
    board: Board,
    *,
    name: str | None = None,
    kernels: Sequence[str] = ("auto",),
    strict_kernels: bool = False,
    allow_float: bool = False,
) -> Compiled:
    """Compile a model to a C library for a board's core.

    Args:
        path: .tflite file.
        board: gives the target.
        name: prefix of the C names; made from the file's name by default.
        kernels: allowed kernel sets, best first, or ("auto",).
        strict_kernels: refuse to fall back to the portable set where it is not among `kernels`.
        allow_float: accept a model that is float32 throughout.

    Raises:
        ModelError: the model is damaged or not supported.
        FitError: its arena does not fit the board.
        UsageError: the file cannot be read, or there is no such kernel set.
    """
    model = frontend.read(path, allow_float=allow_float)
    sets = registry.select("auto" if tuple(kernels) == ("auto",) else kernels)
    plan = planning.solve(passes.lower(model.main), sets, board.target())
    if strict_kernels:
        _refuse_fall_back(plan, kernels)
    stated = (f"kernels {','.join(kernels)}", f"core {board.core}")
    options = codegen.Options(stated=stated)
    return Compiled(
        path, model, plan, codegen.generate(name or _default_name(model), model.sha256, plan, options)
    )


def _default_name(model: Model) -> str:
    """The model's own name, unless its header would hide one of the C library's."""
    try:
        codegen.check_model_name(model.name)
    except UsageError:
        return f"{model.name}_model"
    return model.name


def _refuse_fall_back(plan: Plan, kernels: Sequence[str]) -> None:
    fallen = [step for step in plan.calls() if step.candidate.set not in {*kernels, custom.SET}]
    if fallen and tuple(kernels) != ("auto",):
        raise ModelError(
            f"{len(fallen)} of {len(list(plan.calls()))} layers have no kernel in {', '.join(kernels)}.",
            why=[f"layer {step.index} {step.name[:80]!r}: {step.candidate.name}" for step in fallen],
            hints=["Allow the fall-back: leave out --strict-kernels.", "Allow more sets with --kernels."],
        )


def project_folder(settings: Settings) -> Path:
    """Where `tinygen build` puts a project: the folder of `settings`, else ./MODEL-BOARD."""
    stem = settings.models[0][0].stem
    return settings.folder or Path(f"{stem}-{settings.board.id}")


def _default_folder(settings: Settings) -> Path:
    """Where a project goes that nobody named a folder for: a place of its own in the user's cache."""
    text = "\n".join([*(str(path.resolve()) for path, _ in settings.models), repr(settings.config)])
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    stem = "-".join(path.stem[:24] for path, _ in settings.models[:3])
    cache = Path(platformdirs.user_cache_dir("tinygen", appauthor=False))
    return cache / "projects" / f"{stem}-{settings.board.id}-{digest}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps two commands from writing and building one project at the same time."""
    made = not folder.exists()
    lock = FileLock(folder / ".tinygen" / "lock")
    try:
        (folder / ".tinygen").mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise BudgetError(
            f"Another tinygen has been working on {folder} for {_LOCK_SECONDS:g} s.",
            hints=["End it, or name another folder: -o DIR."],
        ) from error
    except OSError as error:
        raise UsageError(
            f"The project cannot be written to {folder}.",
            why=[f"{error.strerror or error}."],
            hints=["Name a folder that you may write to: -o DIR."],
        ) from error
    try:
        yield
    finally:
        lock.release()
        if not (folder / project.MANIFEST).exists():
            _remove_lock(folder, made)


def _remove_lock(folder: Path, made: bool) -> None:
    """Leave no trace of a project that was not written."""
    with suppress(OSError):
        (folder / ".tinygen" / "lock").unlink(missing_ok=True)
        (folder / ".tinygen").rmdir()
        if made:
            folder.rmdir()


def generate(
    settings: Settings, folder: Path | None = None, *, force: bool = False, progress: Progress = silent
) -> Project:
    """Write the PlatformIO project: only files that changed, none that was edited by hand unless forced.

    Args:
        settings: what to compile, for which board.
        folder: the project's; by default that of `settings`, else one in the user's cache.
        force: overwrite generated files that were edited by hand.
        progress: told what begins.

    Raises:
        TinygenError: see `compile_model`; UsageError when the folder cannot be written.
    """
    folder = folder or settings.folder or _default_folder(settings)
    compiled = _compile_all(settings, progress)
    with _locked(folder):
        return _write(settings, compiled, folder, force)


def _compile_all(settings: Settings, progress: Progress) -> tuple[Compiled, ...]:
    config = settings.config
    compiled = []
    for path, name in settings.models:
        progress(f"Compiling {path.name}")
        model = compile_model(
            path,
            settings.board,
            name=name,
            kernels=config.kernels,
            strict_kernels=config.strict_kernels,
            allow_float=config.allow_float,
        )
        compiled.append(model)
    return tuple(compiled)


def _write(settings: Settings, compiled: tuple[Compiled, ...], folder: Path, force: bool) -> Project:
    options = project.ProjectOptions(config=settings.recorded(folder))
    plan = project.plan_project([item.library for item in compiled], settings.board, options)
    return Project(folder, settings.board, compiled, project.write(plan, folder, force=force))


def build(
    settings: Settings, folder: Path | None = None, *, force: bool = False, progress: Progress = silent
) -> Built:
    """Write the project and build it with PlatformIO; arguments as for `generate`.

    Raises:
        TinygenError: see `generate`; ToolError when a tool is missing or fails, FitError when a memory
            overflows.
    """
    folder = folder or settings.folder or _default_folder(settings)
    compiled = _compile_all(settings, progress)
    libraries = [item.library for item in compiled]
    with _locked(folder):
        written = _write(settings, compiled, folder, force)
        progress(f"Building for {settings.board.id}")
        try:
            result = project.build(folder, settings.board.id)
        except FitError as error:
            raise _with_peaks(error, compiled) from error
        sizes = project.measure(result.image, result.baseline, result.build_dir, libraries)
    return Built(written, result, sizes)


def _with_peaks(error: FitError, compiled: tuple[Compiled, ...]) -> FitError:
    """The linker's verdict with what the models have to do with it."""
    weights = [
        f"{item.library.name} has {item.library.footprint.weights:,} B of weights and "
        f"{item.library.footprint.constants:,} B of constants."
        for item in compiled
    ]
    why = [*error.why, *(item.peak for item in compiled), *weights]
    return FitError(error.message, why=why, hints=error.hints)
