"""One instance for each distinct set of specialised parameters."""

from __future__ import annotations

from dataclasses import replace

from tests.support.hand_made_plan import ScaleLayer, scale_plan
from tinygen.codegen import instances
from tinygen.codegen.view import FieldView, PointerView
from tinygen.kernels.interface import Call, Parameter, PitchOf

POINTERS = (PointerView("const int8_t *", "input"),)


def use(layer: int, *parameters: Parameter, function: str = "tg_conv_2d_s8") -> instances.Use:
    plan = scale_plan([ScaleLayer(1)])
    return instances.Use(str(layer), plan, Call("h.h", function, "tg_params", (), parameters), POINTERS)


def group(*uses: instances.Use) -> instances.Instances:
    return instances.group(uses)


def test_calls_with_equal_constants_share_an_instance() -> None:
    result = group(use(0, Parameter("k", 3)), use(1, Parameter("k", 1)), use(2, Parameter("k", 3)))
    assert [(view.name, view.users) for view in result.views] == [
        ("conv_2d_s8_0", "layers 0, 2"),
        ("conv_2d_s8_1", "layer 1"),
    ]
    assert result.names == {"0": "conv_2d_s8_0", "1": "conv_2d_s8_1", "2": "conv_2d_s8_0"}


def test_run_time_parameters_that_differ_are_passed() -> None:
    result = group(
        use(0, Parameter("k", 3), Parameter("size", 49, specialize=False)),
        use(1, Parameter("k", 3), Parameter("size", 25, specialize=False)),
    )
    (view,) = result.views
    assert view.sizes == (FieldView("int32_t", "size", ""),)
    assert [field.value for field in view.fields] == ["3", "sizes->size"]
    assert result.sizes["1"] == (FieldView("int32_t", "size", "25"),)


def test_run_time_parameters_that_agree_are_constants() -> None:
    result = group(
        use(0, Parameter("size", 49, specialize=False)), use(1, Parameter("size", 49, specialize=False))
    )
    (view,) = result.views
    assert view.sizes == ()
    assert [field.value for field in view.fields] == ["49"]
    assert result.sizes == {"0": (), "1": ()}


def test_templates_and_pointer_types_keep_calls_apart() -> None:
    other = replace(use(2), pointers=(PointerView("const uint8_t *", "input"),))
    result = group(use(0), use(1, function="tg_pool_s8"), other)
    assert [view.name for view in result.views] == ["conv_2d_s8_0", "pool_s8_0", "conv_2d_s8_1"]


def test_minus_zero_is_another_constant_than_zero() -> None:
    assert len(group(use(0, Parameter("beta", 0.0)), use(1, Parameter("beta", -0.0))).views) == 2


def test_pitches_are_the_ones_that_planning_gave() -> None:
    result = group(use(0, Parameter("pitch", PitchOf(1))))
    assert result.views[0].fields == (FieldView("int32_t", "pitch", "8"),)
