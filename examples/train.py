"""Trains the bundled example models and writes them as full-integer int8 .tflite files.

Needs the `train` extra (`pip install -e '.[train]'`); tinygen itself never needs TensorFlow.
The data is made here or ships with scikit-learn, so nothing is downloaded:

- `gesture_mlp`: a multilayer perceptron that tells four gestures from 32 samples of a 3-axis accelerometer,
- `digits_cnn`: a convolutional classifier of scikit-learn's 8x8 handwritten digits,
- `tones_ds_cnn`: a depthwise-separable CNN that tells six kinds of sound from 32x20 log spectrograms.

    python examples/train.py [gesture_mlp digits_cnn tones_ds_cnn]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.datasets import load_digits

Samples = NDArray[np.float32]
Labels = NDArray[np.int64]
MODELS = Path(__file__).parent / "models"
SEED = 20261121


@dataclass(frozen=True)
class Task:
    """Data and network of one example."""

    data: Callable[[np.random.Generator], tuple[Samples, Labels]]
    network: Callable[[tuple[int, ...], int], tf.keras.Model]
    epochs: int


def gestures(rng: np.random.Generator) -> tuple[Samples, Labels]:
    """Accelerations of rest, tap, shake and circle: [N, 96] (32 time steps of x, y, z), in g."""
    count, steps = 4000, 32
    time = np.linspace(0, 1, steps)[None, :]
    labels = rng.integers(0, 4, count)
    phase, speed = rng.uniform(0, 2 * np.pi, (2, count, 1))
    speed = 2 * np.pi * (2 + speed / np.pi)
    size = rng.uniform(0.5, 1.5, (count, 1))
    tap = size * 3 * np.exp(-(((time - rng.uniform(0.2, 0.8, (count, 1))) / 0.04) ** 2))
    wave, quarter = size * np.sin(speed * time + phase), size * np.cos(speed * time + phase)
    still = np.zeros((count, steps))
    kinds = np.stack(
        [
            np.stack([still, still, still], -1),
            np.stack([still, still, tap], -1),
            np.stack([wave, still, still], -1),
            np.stack([wave, quarter, still], -1),
        ]
    )
    motion = kinds[labels, np.arange(count)] + np.array([0, 0, 1.0])
    return (motion + rng.normal(0, 0.08, motion.shape)).reshape(count, -1).astype(np.float32), labels


def digits(_: np.random.Generator) -> tuple[Samples, Labels]:
    """Handwritten digits: [1797, 8, 8, 1], 0 to 1."""
    images, labels = load_digits(return_X_y=True)
    return (images / 16).reshape(-1, 8, 8, 1).astype(np.float32), labels.astype(np.int64)


def tones(rng: np.random.Generator) -> tuple[Samples, Labels]:
    """Log spectrograms [N, 32, 20, 1] of silence, tone, two tones, rising chirp, falling chirp and noise."""
    count, frames, bins = 5000, 32, 20
    labels = rng.integers(0, 6, count)
    time, band = np.arange(frames)[None, :, None], np.arange(bins)[None, None, :]
    first, second = rng.uniform(2, 17, (2, count, 1, 1))
    slope = rng.uniform(0.25, 0.5, (count, 1, 1))

    def ridge(centre: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-(((band - centre) / 0.9) ** 2)) * np.ones_like(time)

    kinds = np.stack(
        [
            np.zeros((count, frames, bins)),
            ridge(first),
            np.maximum(ridge(first), ridge((first + 5 + second / 3) % bins)),
            ridge(first / 3 + slope * time),
            ridge(bins - first / 3 - slope * time),
            rng.uniform(0.3, 1, (count, frames, bins)),
        ]
    )
    sound = kinds[labels, np.arange(count)] * rng.uniform(0.6, 1.2, (count, 1, 1))
    noisy = np.log1p(10 * np.maximum(sound + rng.normal(0, 0.08, sound.shape), 0))
    return noisy[..., None].astype(np.float32), labels


def mlp(shape: tuple[int, ...], classes: int) -> tf.keras.Model:
    """Two hidden layers."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input(shape),
            layers.Dense(24, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def cnn(shape: tuple[int, ...], classes: int) -> tf.keras.Model:
    """Two convolutions with a max pool, and a residual."""
    layers = tf.keras.layers
    image = layers.Input(shape)
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(image)
    y = layers.Conv2D(12, 3, padding="same")(x)
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 3, activation="relu")(x)
    x = layers.Flatten()(x)
    return tf.keras.Model(image, layers.Dense(classes, activation="softmax")(x))


def ds_cnn(shape: tuple[int, ...], classes: int) -> tf.keras.Model:
    """A strided convolution and three depthwise-separable blocks."""
    layers = tf.keras.layers
    image = layers.Input(shape)
    x = layers.Conv2D(16, (5, 3), strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters, stride in ((24, 1), (32, 2), (32, 1)):
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return tf.keras.Model(image, layers.Dense(classes, activation="softmax")(x))


TASKS = {
    "gesture_mlp": Task(gestures, mlp, 20),
    "digits_cnn": Task(digits, cnn, 40),
    "tones_ds_cnn": Task(tones, ds_cnn, 15),
}


def to_tflite(network: tf.keras.Model, samples: Samples) -> bytes:
    """Full int8: int8 in, int8 out, ranges from `samples`."""
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples[:200])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    data: bytes = converter.convert()
    return data


def accuracy(model: bytes, samples: Samples, labels: Labels) -> float:
    """Share of `samples` that the quantized model classifies as `labels`."""
    interpreter = tf.lite.Interpreter(model_content=model)
    interpreter.allocate_tensors()
    (entry,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero_point = entry["quantization"]
    right = 0
    for sample, label in zip(samples, labels, strict=True):
        quantized = np.clip(np.round(sample / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(entry["index"], quantized[None])
        interpreter.invoke()
        right += int(np.argmax(interpreter.get_tensor(result["index"])) == label)
    return right / len(labels)


def train(name: str, task: Task) -> None:
    """Trains, converts and writes one model, and prints its accuracy on samples it has not seen."""
    tf.keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    samples, labels = task.data(rng)
    order = rng.permutation(len(samples))
    held_out, rest = order[: len(order) // 5], order[len(order) // 5 :]
    network = task.network(samples.shape[1:], int(labels.max()) + 1)
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(samples[rest], labels[rest], batch_size=32, epochs=task.epochs, verbose=0)
    model = to_tflite(network, samples[rest])
    MODELS.mkdir(exist_ok=True)
    (MODELS / f"{name}.tflite").write_bytes(model)
    right = accuracy(model, samples[held_out][:400], labels[held_out][:400])
    print(f"{name}: {len(model)} bytes, int8 accuracy {right:.3f}")


def main() -> None:
    """Trains the models named on the command line, or all."""
    for name in sys.argv[1:] or TASKS:
        train(name, TASKS[name])


if __name__ == "__main__":
    main()
