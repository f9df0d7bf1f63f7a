"""tinygen.toml: what commands use in a project folder when the command line does not say (docs/CONFIG.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinygen.boards import toml_file
from tinygen.errors import UsageError

FILE_NAME = "tinygen.toml"

KernelSet = Annotated[str, Field(min_length=1, max_length=80)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class ModelEntry(_Table):
    """One model of the project.

    Attributes:
        path: the .tflite file, relative to the folder of tinygen.toml or absolute.
        name: its name in C; made from the file's name where it is left out.
    """

    path: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")] | None = None


class TestTable(_Table):
    """Defaults of `tinygen test`.

    Attributes:
        emulator: "auto" takes the board's first.
        samples: inferences to compare.
        seed: of the random inputs.
    """

    __test__ = False  # pytest collects classes by name

    emulator: Literal["auto", "host", "qemu"] = "auto"
    samples: Annotated[int, Field(ge=1, le=10_000)] = 8
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] = 0


class ProjectConfig(_Table):
    """A tinygen.toml; also, with its defaults, what holds where there is none.

    Attributes:
        board: id of a board, or path of a board file.
        models: in the order in which the firmware numbers them.
        kernels: allowed kernel sets; ("auto",) is every set that fits the board.
        strict_kernels: whether an op without a kernel in `kernels` is an error, not left to portable C.
        allow_float: whether models that are float32 throughout are compiled, not refused.
        test: defaults of `tinygen test`.
    """

    board: Annotated[str, Field(min_length=1)] | None = None
    models: tuple[ModelEntry, ...] = ()
    kernels: Annotated[tuple[KernelSet, ...], Field(min_length=1)] = ("auto",)
    strict_kernels: bool = False
    allow_float: bool = False
    test: TestTable = TestTable()

    def model_paths(self, folder: Path) -> tuple[Path, ...]:
        """Paths of the models of the project in `folder`."""
        return tuple(folder / entry.path for entry in self.models)

    def overridden(self, **values: object) -> Self:
        """The configuration with the command line's values over it.

        Args:
            values: by field; those of `test` as emulator, samples and seed. None leaves a field as it is.

        Raises:
            UsageError: for a value that the schema refuses.
        """
        given = {key: value for key, value in values.items() if value is not None}
        test = {key: given.pop(key) for key in tuple(given) if key in TestTable.model_fields}
        own = {name: getattr(self, name) for name in type(self).model_fields}
        own["test"] = {name: getattr(self.test, name) for name in TestTable.model_fields} | test
        try:
            return type(self).model_validate(own | given)
        except ValidationError as error:
            why = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
            raise UsageError("An option has a value that makes no sense.", why=why) from error


def load(folder: Path) -> ProjectConfig:
    """The configuration of the project in `folder`; the defaults where it has no tinygen.toml.

    Raises:
        UsageError: when the file cannot be read, is not TOML or breaks the schema; file, line and key.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return ProjectConfig()
    return toml_file.parse(ProjectConfig, toml_file.read(path), path, what="a tinygen project")
