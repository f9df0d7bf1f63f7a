"""Names in C: identifiers that are safe to use, text that is safe inside a comment, element types."""

from __future__ import annotations

import re

from tinygen.errors import UsageError
from tinygen.ir import DType

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

# Headers that C libraries and frameworks find by name: a model's string.h must not hide <string.h>.
_HEADER_NAMES = frozenset(
    {
        "alloca",
        "arduino",
        "assert",
        "complex",
        "ctype",
        "endian",
        "errno",
        "features",
        "fenv",
        "float",
        "inttypes",
        "iso646",
        "limits",
        "locale",
        "malloc",
        "math",
        "memory",
        "newlib",
        "pthread",
        "reent",
        "sched",
        "setjmp",
        "signal",
        "stdalign",
        "stdarg",
        "stdatomic",
        "stdbool",
        "stddef",
        "stdint",
        "stdio",
        "stdlib",
        "stdnoreturn",
        "string",
        "strings",
        "tgmath",
        "threads",
        "time",
        "uchar",
        "unistd",
        "wchar",
        "wctype",
    }
)

_C_TYPES = {
    DType.BOOL: "uint8_t",
    DType.INT4: "int8_t",
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
    DType.UINT16: "uint16_t",
    DType.UINT32: "uint32_t",
    DType.UINT64: "uint64_t",
    DType.FLOAT16: "uint16_t",
    DType.FLOAT32: "float",
    DType.FLOAT64: "double",
}

_MEMBER_LENGTH = 48

_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
        alignas alignof and asm auto bitand bitor bool break case catch char class compl concept const
        constexpr continue decltype default delete do double else enum explicit export extern false
        float for friend goto if inline int linux long mutable namespace new noexcept not nullptr
        operator or private protected public register reinterpret_cast requires restrict return short
        signed sizeof static struct switch template this throw true try typedef typeid typename typeof
        union unix unsigned using virtual void volatile wchar_t while xor
        """,
    )
)
"""Words that C or C++ keeps for itself, and lower-case macros of compilers."""

COMMENT_LENGTH = 100
"""Longest text that `comment` lets through; what is longer is cut and marked."""


def c_type(dtype: DType) -> str:
    """The C type of one element; bool is a byte, float16 its bits."""
    return _C_TYPES[dtype]


def member(text: str, taken: set[str]) -> str:
    """A name for a struct's member, made from the model's name for it, and added to `taken`.

    Lower case, so that it is no macro's.
    """
    stem = re.sub(r"[^a-z0-9]+", "_", text.lower())[:_MEMBER_LENGTH].strip("_") or "variable"
    if stem[0].isdigit() or stem in _RESERVED or stem.startswith("gap_"):
        stem = f"variable_{stem}"
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    return name


def check_model_name(name: str) -> None:
    """Refuse names that cannot name a C library.

    Raises:
        UsageError: where `name` is no C identifier, or its header would hide one of the C library.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise UsageError(
            f"The model cannot be called {comment(name)!r}.",
            why=("Functions and files are named after the model, so the name has to be a C identifier.",),
            hints=("Use letters, digits and underscores only, with a letter first.",),
        )
    if name.lower() in _HEADER_NAMES:
        raise UsageError(
            f"The model cannot be called {name!r}.",
            why=(f"Its header {name}.h would hide the C library's <{name.lower()}.h>.",),
            hints=(f"Call it {name}_model.",),
        )


def comment(text: str) -> str:
    """`text` as it can stand inside a C comment and a diagnostic.

    One line of printable ASCII without a comment's start or end, trigraph or backslash-newline; anything
    else is written as a Python escape. Cut after `COMMENT_LENGTH` characters.
    """
    shown = text[:COMMENT_LENGTH].encode("unicode_escape").decode("ascii")
    if len(text) > COMMENT_LENGTH or len(shown) > COMMENT_LENGTH:
        shown = shown[: COMMENT_LENGTH - 3] + "..."
    for unsafe, safe in (("*/", "* /"), ("/*", "/ *"), ("??", "? ?")):
        while unsafe in shown:
            shown = shown.replace(unsafe, safe)
    return shown


def short_comment(name: str) -> str:
    """As `comment`, but of the first of the names that TensorFlow's converter joins when it fuses ops."""
    first, more, _ = name.partition(";")
    return comment(first + ("; ..." if more else ""))
