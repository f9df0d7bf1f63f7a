"""The first layer that differs, found on firmware that goes wrong in known places."""

import numpy as np
import pytest

from tests.support.layered_model import (
    KEPT,
    LayeredFirmware,
    LayeredOracle,
    compute,
    layered_plan,
    layered_samples,
    run_all,
    state_after,
)
from tinygen.verify import Comparison, compare, diagnose, first_divergence


def _compared(firmware: LayeredFirmware, count: int) -> tuple[list, Comparison]:
    samples = layered_samples(count)
    return samples, compare(LayeredOracle().run(samples), run_all(firmware, samples))


def test_correct_firmware_has_no_divergence():
    plan = layered_plan()
    firmware = LayeredFirmware(plan)
    samples, comparison = _compared(firmware, 3)
    assert comparison.bit_exact
    assert diagnose(plan, firmware, LayeredOracle(), samples, comparison) is None
    assert first_divergence(plan, firmware, LayeredOracle(), samples, 2) is None


@pytest.mark.parametrize(
    ("key", "flat", "index", "layer", "kind"),
    [
        (1, 7, (0, 1, 0, 1), "hidden", "CONV_2D"),
        (3, 5, (0, 1, 0, 1), "kept", "MUL"),
        (3, 7, (0, 1, 1, 1), "kept", "MUL"),
        (4, 2, (0, 2), "logits", "FULLY_CONNECTED"),
    ],
)
def test_a_corrupted_tensor_is_named_with_its_values(key, flat, index, layer, kind):
    plan = layered_plan()
    firmware = LayeredFirmware(plan, {key: (flat, 1), 5: (0, 1)})
    samples, comparison = _compared(firmware, 1)
    found = diagnose(plan, firmware, LayeredOracle(), samples, comparison)
    right = compute(samples[0][0], 0)[key]
    right = right[..., KEPT] if key == 3 else right
    assert found is not None
    assert (found.layer, found.op, found.tensor, found.step) == (layer, kind, layer, key - 1)
    assert found.difference.index == index
    assert found.difference.expected == right[index]
    assert found.difference.actual == (right + np.int8(1))[index]
    assert (found.difference.count, found.difference.elements) == (1, right.size)


def test_an_earlier_layer_wins_over_a_later_one():
    plan = layered_plan()
    firmware = LayeredFirmware(plan, {4: (0, 1), 1: (3, 9), 5: (0, 1)})
    samples, comparison = _compared(firmware, 1)
    found = diagnose(plan, firmware, LayeredOracle(), samples, comparison)
    assert found is not None
    assert found.layer == "hidden"


def test_a_tensor_without_origin_is_passed_over():
    plan = layered_plan()
    firmware = LayeredFirmware(plan, {2: (0, 1), 3: (1, 1), 5: (0, 1)})
    samples, comparison = _compared(firmware, 1)
    found = diagnose(plan, firmware, LayeredOracle(), samples, comparison)
    assert found is not None
    assert found.layer == "kept"


def test_the_samples_before_are_replayed_after_one_reset():
    plan = layered_plan()
    firmware = LayeredFirmware(plan, {1: (0, 1), 5: (0, 1)}, since=2)
    samples, comparison = _compared(firmware, 4)
    assert [mismatch.sample for mismatch in comparison.mismatches] == [2, 3]
    resets = firmware.resets
    found = diagnose(plan, firmware, LayeredOracle(), samples, comparison)
    assert found is not None
    assert (found.sample, found.layer) == (2, "hidden")
    assert found.difference.expected == compute(samples[2][0], state_after(samples[:2]))[1].reshape(-1)[0]
    assert firmware.resets == resets + 1
    assert len(firmware.history) == 3


def test_without_intermediates_the_output_names_the_layer_that_writes_it():
    plan = layered_plan()
    firmware = LayeredFirmware(plan, {1: (0, 1), 5: (4, 3)})
    samples, comparison = _compared(firmware, 1)
    found = diagnose(plan, firmware, LayeredOracle(frozenset()), samples, comparison)
    assert found is not None
    assert (found.layer, found.op, found.tensor) == ("logits", "FULLY_CONNECTED", "output")
    assert found.difference.index == (4,)


def test_a_mismatch_that_a_trace_does_not_show_still_has_a_layer():
    plan = layered_plan()
    firmware = LayeredFirmware(plan, {5: (1, 1)}, trace_errors={})
    samples, comparison = _compared(firmware, 1)
    found = diagnose(plan, firmware, LayeredOracle(), samples, comparison)
    assert found is not None
    assert (found.layer, found.tensor, found.difference.index) == ("logits", "output", (1,))
