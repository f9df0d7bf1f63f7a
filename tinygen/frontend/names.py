"""Names that come from files: made fit for C, and for messages."""

from __future__ import annotations

import re

_KEYWORDS = re.compile(
    r"""
    alignas | alignof | and | and_eq | asm | auto | bitand | bitor | bool | break | case | catch | char
    | class | compl | const | const_cast | constexpr | continue | decltype | default | delete | do |
    double | dynamic_cast | else | enum | explicit | export | extern | false | float | for | friend |
    goto | if | inline | int | long | mutable | namespace | new | noexcept | not | not_eq | nullptr |
    operator | or | or_eq | private | protected | public | register | reinterpret_cast | restrict |
    return | short | signed | sizeof | static | static_assert | static_cast | struct | switch | template
    | this | thread_local | throw | true | try | typedef | typeid | typename | union | unsigned | using
    | virtual | void | volatile | wchar_t | while | xor | xor_eq | main
    """,
    re.VERBOSE,
)

_LONGEST_IDENTIFIER = 48


def c_identifier(name: str) -> str:
    """`name` as an identifier that is no keyword of C99 or C++17 and not reserved.

    >>> c_identifier("person detect-v2.1")
    'person_detect_v2_1'
    >>> c_identifier("96x96")
    'model_96x96'
    """
    text = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:_LONGEST_IDENTIFIER].rstrip("_")
    if not text:
        return "model"
    return f"model_{text}" if text[0].isdigit() or _KEYWORDS.fullmatch(text) else text


def shortened(name: str, longest: int = 60) -> str:
    """`name` for a message: quoted, without control characters, its middle left out where it is long."""
    if len(name) > longest:
        half = (longest - 1) // 2
        name = f"{name[:half]}…{name[-half:]}"
    return "'" + "".join(char if char.isprintable() else "?" for char in name) + "'"
