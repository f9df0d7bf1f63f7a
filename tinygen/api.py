"""What scripts import: the commands as functions that take paths and return reports.

    from pathlib import Path
    from tinygen import api

    settings = api.settle(Path.cwd(), [Path("model.tflite")], board="mps2-an386")
    result = api.test(settings)
    print(result.report.bit_exact, result.report.memory.arena)

Every function raises a `tinygen.errors.TinygenError` for what a user can cause.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
from filelock import FileLock

from tinygen import boards as board_catalogue
from tinygen import codegen, emulators, files, frontend, oracle, passes, planning, project, verify
from tinygen.boards import Board
from tinygen.codegen import Library
from tinygen.doctor import Check, examine
from tinygen.emulators import Counter, Image, Inference
from tinygen.errors import ModelError, UsageError
from tinygen.ir import Array, Graph, Model
from tinygen.kernels import registry
from tinygen.oracle import Oracle, Provenance, Sample
from tinygen.oracle import vectors as vectors_npz
from tinygen.planning import Plan
from tinygen.project import BuildResult, Sizes, WriteResult
from tinygen.report import build as build_report
from tinygen.report import collect, inspection, verification
from tinygen.report import supported_ops as ops_table
from tinygen.report.sections import ImageInfo, ModelInfo, Usage
from tinygen.settings import Settings, default_model, settle
from tinygen.target import MemoryKind

__all__ = [
    "Built",
    "Compiled",
    "RunResult",
    "Settings",
    "TestResult",
    "boards",
    "build",
    "compile",
    "default_model",
    "doctor",
    "generate",
    "inspect",
    "project_folder",
    "run",
    "settle",
    "supported_ops",
    "test",
    "vectors",
    "write_text",
]

Progress = Callable[[str], None]
"""Told what begins now, in a few words."""


def _silent(text: str) -> None:
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
        """What is worth a warning: generated files that were edited by hand."""
        return self.project.written.warnings

    @property
    def report(self) -> build_report.BuildReport:
        """What `tinygen build --json` prints."""
        return _build_report(self)

    def measured(self, stack: int | None = None) -> collect.Measured:
        """What the report's memory section needs; the model's flash only where there is one model."""
        sizes = self.sizes
        alone = len(self.project.compiled) == 1
        if sizes is None or not alone:
            return collect.Measured(stack=stack)
        flash = None if sizes.code is None else sizes.code + sizes.weights + sizes.constants
        return collect.Measured(static_ram=sizes.static_ram, stack=stack, model_flash=flash)


@dataclass(frozen=True)
class RunResult:
    """What the firmware computed.

    Attributes:
        inputs, outputs: of each sample, in the model's order.
        inferences: counts and stack of each sample.
        built: the firmware.
    """

    inputs: tuple[Sample, ...]
    outputs: tuple[tuple[Array, ...], ...]
    inferences: tuple[Inference, ...] = field(repr=False)
    built: Built = field(repr=False)


@dataclass(frozen=True)
class TestResult:
    """A verification: the report, the comparison behind it, and what is worth a warning."""

    __test__ = False  # pytest collects classes by name

    report: verification.VerificationReport
    comparison: verify.Comparison
    warnings: tuple[str, ...]


def compile(  # the word for it; nothing here needs the builtin
    path: Path,
    board: Board,
    *,
    name: str | None = None,
    kernels: Sequence[str] = ("auto",),
    strict_kernels: bool = False,
) -> Compiled:
    """Compile a model to a C library for a board's core.

    Args:
        path: .tflite file.
        board: gives the target.
        name: prefix of the C names; made from the file's name by default.
        kernels: allowed kernel sets, best first, or ("auto",).
        strict_kernels: refuse to fall back to the portable set where it is not among `kernels`.

    Raises:
        ModelError: the model is damaged or not supported.
        FitError: its arena does not fit the board.
        UsageError: the file cannot be read, or there is no such kernel set.
    """
    model = frontend.read(path)
    sets = registry.select("auto" if tuple(kernels) == ("auto",) else kernels)
    plan = planning.solve(passes.lower(model.main), sets, board.target())
    if strict_kernels:
        _refuse_fall_back(plan, kernels)
    stated = (f"kernels {','.join(kernels)}", f"core {board.core}")
    options = codegen.Options(stated=stated)
    return Compiled(path, model, plan, codegen.generate(name or model.name, model.sha256, plan, options))


def _refuse_fall_back(plan: Plan, kernels: Sequence[str]) -> None:
    fallen = [step for step in plan.steps if step.candidate.set not in kernels]
    if fallen and tuple(kernels) != ("auto",):
        raise ModelError(
            f"{len(fallen)} of {len(plan.steps)} layers have no kernel in {', '.join(kernels)}.",
            why=[f"layer {step.index} {step.name!r}: {step.candidate.name}" for step in fallen],
            hints=["Allow the fall-back: leave out --strict-kernels.", "Allow more sets with --kernels."],
        )


def inspect(path: Path) -> inspection.InspectionReport:
    """Describe a model: ops, tensors, MACs, weights, memory, and every obstacle.

    Raises:
        ModelError: the file is damaged.
        UsageError: it cannot be read.
    """
    survey = frontend.load(path)
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


def write_text(path: Path, text: str) -> None:
    """Write a file whole, or not at all.

    Raises:
        UsageError: when it cannot be written.
    """
    files.write(path, text.encode())


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
    lock = folder / ".tinygen" / "lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The project cannot be written to {folder}.",
            why=[error.strerror or str(error)],
            hints=["Name a folder that you may write to: -o DIR."],
        ) from error
    with FileLock(lock):
        yield


def generate(
    settings: Settings, folder: Path | None = None, *, force: bool = False, progress: Progress = _silent
) -> Project:
    """Write the PlatformIO project: only files that changed, none that was edited by hand unless forced.

    Args:
        settings: what to compile, for which board.
        folder: the project's; by default that of `settings`, else one in the user's cache.
        force: overwrite generated files that were edited by hand.
        progress: told what begins.

    Raises:
        TinygenError: see `compile`; UsageError when the folder cannot be written.
    """
    folder = folder or settings.folder or _default_folder(settings)
    compiled = _compile_all(settings, progress)
    with _locked(folder):
        return _write(settings, compiled, folder, force)


def _compile_all(settings: Settings, progress: Progress) -> tuple[Compiled, ...]:
    compiled = []
    for path, name in settings.models:
        progress(f"Compiling {path.name}")
        config = settings.config
        compiled.append(
            compile(
                path,
                settings.board,
                name=name,
                kernels=config.kernels,
                strict_kernels=config.strict_kernels,
            )
        )
    return tuple(compiled)


def _write(settings: Settings, compiled: tuple[Compiled, ...], folder: Path, force: bool) -> Project:
    options = project.ProjectOptions(config=settings.recorded(folder))
    plan = project.plan_project([item.library for item in compiled], settings.board, options)
    return Project(folder, settings.board, compiled, project.write(plan, folder, force=force))


def build(
    settings: Settings, folder: Path | None = None, *, force: bool = False, progress: Progress = _silent
) -> Built:
    """Write the project and build it with PlatformIO; arguments as for `generate`.

    Raises:
        TinygenError: see `generate`; ToolError when a tool is missing or fails, FitError when a memory
            overflows.
    """
    folder = folder or settings.folder or _default_folder(settings)
    compiled = _compile_all(settings, progress)
    with _locked(folder):
        written = _write(settings, compiled, folder, force)
        progress(f"Building for {settings.board.id}")
        result = project.build(folder, settings.board.id)
        libraries = [item.library for item in compiled]
        sizes = project.measure(result.image, result.baseline, result.build_dir, libraries)
    return Built(written, result, sizes)


def _usage(board: Board, kind: MemoryKind, used: int) -> Usage:
    sizes = [memory.size for memory in board.memories if memory.kind is kind]
    return Usage(used=used, size=sum(sizes) if sizes else None)


def _model_info(compiled: Compiled) -> ModelInfo:
    return ModelInfo(
        path=str(compiled.path),
        sha256=compiled.model.sha256,
        macs=collect.total_macs(compiled.model.main),
        live_macs=collect.total_macs(compiled.plan.graph),
    )


def _image_info(built: Built) -> ImageInfo:
    result = built.result
    return ImageInfo(
        path=str(result.image), sha256=result.sha256, env=result.env, toolchain=str(result.toolchain)
    )


def _build_report(built: Built) -> build_report.BuildReport:
    made, sizes = built.project, built.sizes
    return build_report.BuildReport(
        board=made.board.id,
        project=str(made.folder),
        written=made.written.written,
        removed=made.written.removed,
        kept=made.written.kept,
        image=_image_info(built),
        flash=None if sizes is None else _usage(made.board, MemoryKind.FLASH, sizes.flash),
        ram=None if sizes is None else _usage(made.board, MemoryKind.RAM, sizes.ram),
        code=None if sizes is None else sizes.code,
        models=tuple(
            build_report.BuiltModel(
                name=item.library.name,
                model=_model_info(item),
                memory=collect.memory(item.library.footprint, built.measured()),
                layers=collect.layer_plans(item.plan),
            )
            for item in made.compiled
        ),
    )


def vectors(path: Path, output: Path, *, samples: int = 8, seed: int = 0, inputs: Path | None = None) -> str:
    """Write golden vectors: inputs and what the oracle computes for them.

    Args:
        path: .tflite file.
        output: .npz file to write.
        samples: how many random inputs.
        seed: of random inputs.
        inputs: a user's inputs instead of random ones.

    Returns:
        The oracle's name and version.

    Raises:
        TinygenError: the model, the inputs or the oracle is wrong or missing, or the file cannot be written.
    """
    model = frontend.read(path)
    given = _samples(model.main, inputs, samples, seed)
    reference = oracle.choose_oracle(path, model)
    runs = reference.run(given)
    origin = Provenance(model.sha256, reference.name, reference.version, None if inputs else seed)
    vectors_npz.save(output, given, [run.outputs for run in runs], origin)
    return f"{reference.name} {reference.version}"


def _samples(graph: Graph, inputs: Path | None, samples: int, seed: int) -> tuple[Sample, ...]:
    return verify.load_inputs(inputs, graph) if inputs else verify.random_inputs(graph, samples, seed)


@dataclass(frozen=True)
class _Machine:
    """What runs the firmware of a board: an emulator and the board that it is built for."""

    emulator: emulators.Emulator
    settings: Settings
    stand_in: bool

    @property
    def name(self) -> str:
        return self.emulator.machine(self.settings.board)


def _machine(settings: Settings) -> _Machine:
    """The emulator to use; on `host`, any board's model runs as a process of this computer."""
    name = settings.config.test.emulator
    if name == "host" and settings.board.emulator("host") is None:
        native = Settings(settings.models, board_catalogue.load("host"), settings.config, None)
        return _Machine(emulators.choose("host", native.board), native, stand_in=True)
    emulator = emulators.choose(name, settings.board)
    facts = settings.board.emulator(emulator.name)
    return _Machine(emulator, settings, stand_in=facts is not None and facts.stand_in)


def run(
    settings: Settings,
    *,
    inputs: Path | None = None,
    outputs: Path | None = None,
    timeout: float = 120.0,
    progress: Progress = _silent,
) -> RunResult:
    """Build the firmware and run it in an emulator, without an oracle.

    Args:
        settings: what to compile, for which board; its test table has emulator, samples and seed.
        inputs: a user's inputs; random ones by default.
        outputs: .npz file to write inputs and outputs to.
        timeout: seconds that each inference may take.
        progress: told what begins.
    """
    path, _ = settings.single()
    machine = _machine(settings)
    config = settings.config.test
    given = _samples(frontend.read(path).main, inputs, config.samples, config.seed)
    built = build(machine.settings, progress=progress)
    with _session(machine, built, timeout) as session:
        result = _infer(session, built, given, progress)
    _save_outputs(outputs, machine, result)
    return result


def _session(machine: _Machine, built: Built, timeout: float) -> emulators.Session:
    library = built.project.compiled[0].library
    return machine.emulator.start(Image(built.result.image, library.name), machine.settings.board, timeout)


def _infer(
    session: emulators.Session, built: Built, given: tuple[Sample, ...], progress: Progress
) -> RunResult:
    graph = built.project.compiled[0].plan.graph
    session.reset()
    inferences = []
    for number, sample in enumerate(given, 1):
        progress(f"Running sample {number} of {len(given)}")
        inferences.append(session.run(verify.encode(sample)))
    outputs = tuple(verify.decode_outputs(graph, inference.outputs) for inference in inferences)
    return RunResult(given, outputs, tuple(inferences), built)


def _save_outputs(path: Path | None, machine: _Machine, result: RunResult) -> None:
    if path is not None:
        model = result.built.project.compiled[0].model
        origin = Provenance(model.sha256, machine.emulator.name, machine.name)
        vectors_npz.save(path, result.inputs, result.outputs, origin)


def test(
    settings: Settings,
    *,
    inputs: Path | None = None,
    vectors_file: Path | None = None,
    outputs: Path | None = None,
    timeout: float = 120.0,
    progress: Progress = _silent,
) -> TestResult:
    """Build the firmware, run it in an emulator and compare every output with the oracle's, bit for bit.

    Args:
        settings: see `run`.
        inputs: a user's inputs; random ones by default.
        vectors_file: golden vectors instead of an oracle; they bring their inputs.
        outputs: .npz file to write inputs and outputs to.
        timeout: seconds that each inference may take.
        progress: told what begins.

    Raises:
        TinygenError: when something is wrong or missing. A mismatch is no error: it is in the report.
    """
    path, _ = settings.single()
    if inputs is not None and vectors_file is not None:
        raise UsageError(
            "--inputs and --vectors were both given.", why=["A vectors file brings its own inputs."]
        )
    machine = _machine(settings)
    model = frontend.read(path)
    reference = oracle.choose_oracle(path, model, vectors_file)
    config = settings.config.test
    given = (
        reference.samples
        if isinstance(reference, oracle.VectorsOracle)
        else _samples(model.main, inputs, config.samples, config.seed)
    )
    with ThreadPoolExecutor(1) as pool:
        # The oracle is a process of its own: it computes while the firmware is built.
        expected = pool.submit(reference.run, given)
        built = build(machine.settings, progress=progress)
        with _session(machine, built, timeout) as session:
            result = _infer(session, built, given, progress)
            progress("Comparing")
            comparison = verify.compare(expected.result(), result.outputs)
            report = _report(session, machine, result, reference, comparison)
    _save_outputs(outputs, machine, result)
    report = report.model_copy(update={"board": settings.board.id})
    return TestResult(report, comparison, built.warnings)


def _report(
    session: emulators.Session,
    machine: _Machine,
    result: RunResult,
    reference: Oracle,
    comparison: verify.Comparison,
) -> verification.VerificationReport:
    """Find the first diverging layer, and write it all down."""
    built = result.built
    compiled = built.project.compiled[0]
    divergence = verify.diagnose(compiled.plan, session, reference, result.inputs, comparison)
    stacks = [inference.stack for inference in result.inferences if inference.stack is not None]
    counter = session.counter
    return verification.VerificationReport(
        oracle=verification.OracleInfo(name=reference.name, version=reference.version),
        model=_model_info(compiled),
        board=machine.settings.board.id,
        emulator=machine.emulator.name,
        machine=machine.name,
        stand_in=machine.stand_in,
        image=_image_info(built),
        bit_exact=comparison.bit_exact,
        samples=comparison.samples,
        mismatched_outputs=comparison.mismatched_outputs,
        first_divergence=None if divergence is None else verification.DivergenceInfo.of(divergence),
        counter=counter.unit,
        counted_by=counter.value,
        instructions=None
        if counter is Counter.NONE
        else collect.instructions(compiled.plan, result.inferences),
        memory=collect.memory(compiled.library.footprint, built.measured(max(stacks, default=None))),
    )
