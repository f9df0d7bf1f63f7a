"""Runs firmware: a process, a transport and a counter each, one console client for all."""

from tinygen.emulators.interface import Counter, Emulator, Image, Inference, Session
from tinygen.emulators.protocol import ModelInfo, TraceRange
from tinygen.emulators.registry import AUTO, choose, emulators

__all__ = [
    "AUTO",
    "Counter",
    "Emulator",
    "Image",
    "Inference",
    "ModelInfo",
    "Session",
    "TraceRange",
    "choose",
    "emulators",
]
