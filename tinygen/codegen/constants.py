"""The arrays in flash: packed once for the chosen candidates, equal ones stored once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tinygen.codegen import literals, names
from tinygen.codegen.view import ConstantView
from tinygen.ir import Array, DType
from tinygen.kernels.interface import Constant, ConstantKind

_Key = tuple[str, bytes]


@dataclass
class Stored:
    """An array in flash.

    Attributes:
        symbol: its C name.
        values: one-dimensional.
        kind: where the report counts it.
        align: in bytes.
        users: what uses it, in words.
    """

    symbol: str
    values: Array
    kind: ConstantKind
    align: int
    users: list[str]

    @property
    def c_type(self) -> str:
        """Element type in C."""
        return names.c_type(DType(self.values.dtype.name))

    @property
    def note(self) -> str:
        """What it is, how large, and who uses it, in words."""
        size = self.values.nbytes
        unit = "byte" if size == 1 else "bytes"
        return f"{self.kind.value}, {size:,} {unit}: {', '.join(self.users)}"


@dataclass
class ConstantPool:
    """Collects the constants of all layers; equal arrays share one symbol.

    Attributes:
        prefix: of every symbol.
    """

    prefix: str
    _stored: dict[_Key, Stored] = field(default_factory=dict)

    def add(self, symbol: str, user: str, constant: Constant) -> tuple[Stored, int]:
        """Store a constant.

        Args:
            symbol: C name without the prefix, used unless an equal array is stored already.
            user: what uses it, in words.
            constant: packed here.

        Returns:
            Where it is stored, and the bytes that storing it added.
        """
        packed = constant.pack()
        values = packed.astype(packed.dtype.newbyteorder("<"), copy=False).reshape(-1)
        key = (values.dtype.name, values.tobytes())
        stored = self._stored.get(key)
        if stored is None:
            stored = Stored(f"{self.prefix}_{symbol}", values, constant.kind, constant.align, [user])
            self._stored[key] = stored
            return stored, values.nbytes
        stored.align = max(stored.align, constant.align)
        if user not in stored.users:
            stored.users.append(user)
        return stored, 0

    def stored(self) -> Sequence[Stored]:
        """Every array, in the order in which they were first stored."""
        return tuple(self._stored.values())

    def bytes(self, kind: ConstantKind) -> int:
        """Bytes of all arrays of a kind."""
        return sum(item.values.nbytes for item in self._stored.values() if item.kind is kind)

    def views(self) -> tuple[ConstantView, ...]:
        """Every array as the template writes it."""
        return tuple(
            ConstantView(
                symbol=item.symbol,
                c_type=item.c_type,
                length=item.values.size,
                align=item.align,
                note=item.note,
                rows=literals.rows(item.values),
            )
            for item in self._stored.values()
        )
