"""A library in this process, behind the interface of a running firmware."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.support.host_library import HostModel
from tinygen.emulators.interface import Inference, TraceRange
from tinygen.ir import Array


class HostSession:
    """What verification needs of a session: reset, runs, and traces of the arena after steps."""

    def __init__(self, model: HostModel) -> None:
        self._model = model

    def _arrays(self, inputs: Sequence[bytes]) -> list[Array]:
        ports = self._model.library.inputs
        return [
            np.frombuffer(data, port.dtype.numpy).reshape(port.shape)
            for port, data in zip(ports, inputs, strict=True)
        ]

    def reset(self) -> None:
        """As M_reset()."""
        self._model.reset()

    def run(self, inputs: Sequence[bytes]) -> Inference:
        """One inference; nothing is counted."""
        outputs = self._model.run(self._arrays(inputs))
        return Inference(tuple(value.tobytes() for value in outputs), None, None, None)

    def trace(self, inputs: Sequence[bytes], ranges: Sequence[TraceRange]) -> tuple[bytes, ...]:
        """One inference; the bytes of each range right after its step."""
        arenas = self._model.trace(self._arrays(inputs)).arenas
        return tuple(arenas[item.step][item.offset : item.offset + item.bytes] for item in ranges)
