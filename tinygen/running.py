"""Running firmware in an emulator, and comparing what it computes with an oracle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tinygen import boards, emulators, files, frontend, oracle, verify
from tinygen.building import Built, Compiled, Progress, build, silent
from tinygen.emulators import Counter, Image, Inference
from tinygen.errors import UsageError
from tinygen.ir import Array, Graph
from tinygen.oracle import Oracle, Provenance, Sample
from tinygen.oracle import vectors as vectors_npz
from tinygen.report import collect, verification
from tinygen.settings import Settings


@dataclass(frozen=True)
class RunResult:
    """What the firmware computed.

    Attributes:
        inputs, outputs: of each sample, in the model's order.
        inferences: counts and stack of each sample.
        built: the firmware.
        compiled: the model of the firmware that was run.
    """

    inputs: tuple[Sample, ...]
    outputs: tuple[tuple[Array, ...], ...]
    inferences: tuple[Inference, ...] = field(repr=False)
    built: Built = field(repr=False)
    compiled: Compiled = field(repr=False)


@dataclass(frozen=True)
class TestResult:
    """A verification: the report, the comparison behind it, and what is worth a warning."""

    __test__ = False  # pytest collects classes by name

    report: verification.VerificationReport
    comparison: verify.Comparison
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Machine:
    """What runs the firmware of a board: an emulator and the settings that it is built with.

    Attributes:
        emulator: runs it.
        settings: for the board, or for the one that stands in for it.
        stand_in: whether another one stands in for the board.
    """

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
        native = replace(settings, board=boards.load("host"), board_file=None, folder=None)
        return _Machine(emulators.choose("host", native.board), native, stand_in=True)
    emulator = emulators.choose(name, settings.board)
    facts = settings.board.emulator(emulator.name)
    return _Machine(emulator, settings, stand_in=facts is not None and facts.stand_in)


def samples_for(graph: Graph, inputs: Path | None, samples: int, seed: int) -> tuple[Sample, ...]:
    """A user's inputs, or random ones where there are none."""
    return verify.load_inputs(inputs, graph) if inputs else verify.random_inputs(graph, samples, seed)


def run(
    settings: Settings,
    *,
    inputs: Path | None = None,
    outputs: Path | None = None,
    timeout: float = 120.0,
    progress: Progress = silent,
) -> RunResult:
    """Build the firmware and run it in an emulator, without an oracle.

    Args:
        settings: what to compile, for which board; its test table has emulator, samples and seed.
        inputs: a user's inputs; random ones by default.
        outputs: .npz file to write inputs and outputs to.
        timeout: seconds that each inference may take.
        progress: told what begins.
    """
    path, _ = settings.models[settings.single()]
    files.require_writable(outputs)
    machine = _machine(settings)
    config = settings.config.test
    model = frontend.read(path, allow_float=settings.config.allow_float)
    given = samples_for(model.main, inputs, config.samples, config.seed)
    built = build(machine.settings, progress=progress)
    with _session(machine, built, timeout) as session:
        result = _infer(session, machine, built, given, progress)
    _save_outputs(outputs, machine, result)
    return result


def _session(machine: _Machine, built: Built, timeout: float) -> emulators.Session:
    library = built.project.compiled[machine.settings.single()].library
    return machine.emulator.start(Image(built.result.image, library.name), machine.settings.board, timeout)


def _infer(
    session: emulators.Session,
    machine: _Machine,
    built: Built,
    given: tuple[Sample, ...],
    progress: Progress,
) -> RunResult:
    compiled = built.project.compiled[machine.settings.single()]
    session.reset()
    inferences = []
    for number, sample in enumerate(given, 1):
        progress(f"Running sample {number} of {len(given)}")
        inferences.append(session.run(verify.encode(sample)))
    outputs = tuple(verify.decode_outputs(compiled.plan.graph, item.outputs) for item in inferences)
    return RunResult(given, outputs, tuple(inferences), built, compiled)


def _save_outputs(path: Path | None, machine: _Machine, result: RunResult) -> None:
    if path is not None:
        origin = Provenance(result.compiled.model.sha256, machine.emulator.name, machine.name)
        vectors_npz.save(path, result.inputs, result.outputs, origin)


def test(
    settings: Settings,
    *,
    inputs: Path | None = None,
    vectors_file: Path | None = None,
    outputs: Path | None = None,
    timeout: float = 120.0,
    progress: Progress = silent,
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
    path, _ = settings.models[settings.single()]
    if inputs is not None and vectors_file is not None:
        raise UsageError(
            "--inputs and --vectors were both given.",
            why=["A vectors file brings its own inputs."],
            hints=["Leave out one of them."],
        )
    files.require_writable(outputs)
    machine = _machine(settings)
    model = frontend.read(path, allow_float=settings.config.allow_float)
    reference = oracle.choose_oracle(path, model, vectors_file)
    config = settings.config.test
    given = (
        reference.samples
        if isinstance(reference, oracle.VectorsOracle)
        else samples_for(model.main, inputs, config.samples, config.seed)
    )
    with ThreadPoolExecutor(1) as pool:
        # The oracle is a process of its own: it computes while the firmware is built.
        expected = pool.submit(reference.run, given)
        built = build(machine.settings, progress=progress)
        with _session(machine, built, timeout) as session:
            result = _infer(session, machine, built, given, progress)
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
    compiled = result.compiled
    divergence = verify.diagnose(compiled.plan, session, reference, result.inputs, comparison)
    stacks = [inference.stack for inference in result.inferences if inference.stack is not None]
    counter = session.counter
    counted = None if counter is Counter.NONE else collect.instructions(compiled.plan, result.inferences)
    measured = result.built.measured(max(stacks, default=None))
    return verification.VerificationReport(
        oracle=verification.OracleInfo(name=reference.name, version=reference.version),
        model=compiled.info,
        board=machine.settings.board.id,
        emulator=machine.emulator.name,
        machine=machine.name,
        stand_in=machine.stand_in,
        image=result.built.image,
        bit_exact=comparison.bit_exact,
        samples=comparison.samples,
        mismatched_outputs=comparison.mismatched_outputs,
        first_divergence=None if divergence is None else verification.DivergenceInfo.of(divergence),
        counter=counter.unit,
        counted_by=counter.value,
        instructions=counted,
        memory=collect.memory(compiled.library.footprint, measured),
    )
