"""Loads what other packages register through entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from tinygen.errors import UsageError


def load(point: EntryPoint, noun: str) -> object:
    """The object behind an entry point.

    Args:
        point: the entry point.
        noun: what it stands for, in messages.

    Raises:
        UsageError: where it cannot be loaded, whatever the package's code raises.
    """
    try:
        loaded: object = point.load()
    except Exception as error:
        raise UsageError(
            f"The {noun} {point.name!r} cannot be loaded.",
            why=[f"{point.value} raised {type(error).__name__}: {error}"],
            hints=["Update or uninstall the package that registers it."],
        ) from error
    return loaded


def not_a(point: EntryPoint, noun: str, expected: str) -> UsageError:
    """The error for an entry point that names an object of another kind."""
    return UsageError(
        f"The {noun} {point.name!r} cannot be used.",
        why=[f"{point.value} is not {expected}."],
        hints=["Update or uninstall the package that registers it."],
    )


def twice(point: EntryPoint, noun: str, name: str) -> UsageError:
    """The error for an entry point that takes the name of what is there already."""
    return UsageError(
        f"There are two {noun}s named {name!r}.",
        why=[f"{point.value} registers it a second time."],
        hints=["Uninstall one of the packages."],
    )
