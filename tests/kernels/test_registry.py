from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tinygen.errors import UsageError
from tinygen.kernels import registry
from tinygen.kernels.custom import CustomOperator
from tinygen.kernels.interface import Call, Candidate, Cost, FamilySet, Refusal
from tinygen.kernels.portable import PORTABLE
from tinygen.ops import registry as op_registry
from tinygen.ops.operator import Operator

FAST = FamilySet("fast", {})
FASTER = FamilySet("faster", {})


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.ENTRY_POINT_GROUP)


@pytest.fixture
def installed(monkeypatch):
    """The kernel sets as with a package that registers two."""
    points = [point("fast", f"{__name__}:FAST"), point("faster", f"{__name__}:FASTER")]
    groups = {registry.ENTRY_POINT_GROUP: points}
    monkeypatch.setattr(registry, "entry_points", lambda group: groups.get(group, []))
    monkeypatch.setattr(EntryPoint, "load", lambda self: {"fast": FAST, "faster": FASTER}[self.name])
    registry.kernel_sets.cache_clear()
    yield
    registry.kernel_sets.cache_clear()


def test_the_portable_set_is_always_there():
    assert registry.kernel_sets()["portable"] is PORTABLE
    assert registry.select([]) == (PORTABLE,)
    assert registry.select("auto")[-1] is PORTABLE


@pytest.mark.usefixtures("installed")
def test_portable_comes_last():
    assert list(registry.kernel_sets()) == ["fast", "faster", "portable"]
    assert registry.select("auto") == (FAST, FASTER, PORTABLE)
    assert registry.select(["portable", "faster", "fast", "faster"]) == (FASTER, FAST, PORTABLE)
    assert registry.select(["fast"]) == (FAST, PORTABLE)


@pytest.mark.usefixtures("installed")
def test_an_unknown_name_gets_the_nearest_ones():
    with pytest.raises(UsageError) as error:
        registry.select(["portabel"])
    assert error.value.message == "There is no kernel set named 'portabel'."
    assert error.value.why == ("Kernel sets: fast, faster, portable.",)
    assert error.value.hints == ("Use 'portable'.",)
    with pytest.raises(UsageError, match="auto"):
        registry.select(["xyz"])


def test_a_set_that_cannot_be_loaded_is_named():
    with pytest.raises(UsageError, match="kernel set 'broken' cannot be loaded") as error:
        registry.with_third_party({}, [point("broken", "no_such_module:SET")])
    assert "no_such_module:SET raised ModuleNotFoundError" in error.value.why[0]


def test_a_set_cannot_take_another_ones_name():
    with pytest.raises(UsageError, match="two kernel sets named 'portable'"):
        registry.with_third_party(
            {"portable": PORTABLE}, [point("portable", "tinygen.kernels.portable:PORTABLE")]
        )


def test_entry_points_are_loaded_by_their_value():
    found = registry.with_third_party({}, [point("p", "tinygen.kernels.portable:PORTABLE")])
    assert found["p"] is PORTABLE


def custom(kind: str, proposal) -> CustomOperator:
    operator = Operator(kind, infer=lambda graph, op: (), form=(), custom=True)
    return CustomOperator(operator, lambda region, graph, target: proposal, Path("headers"))


CALL = Call("mine/mine.h", "mine", None, ())
MINE = custom("Mine", [Candidate("any", "mine", (0,), (), Cost(1, 1), CALL)])
PICKY = custom("Picky", Refusal("any", "the moon is full"))


def test_kernels_of_custom_operators_have_a_set_and_a_folder():
    points = [point("mine", f"{__name__}:MINE"), point("picky", f"{__name__}:PICKY")]
    loaded = {"mine": MINE, "picky": PICKY}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EntryPoint, "load", lambda self: loaded[self.name])
        found = registry.custom_set(points)
    assert isinstance(found, FamilySet)
    assert sorted(found.families) == ["Mine", "Picky"]
    (candidate,) = found.families["Mine"]((), None, None)
    assert (candidate.set, candidate.call.folder) == ("custom", Path("headers"))
    assert found.families["Picky"]((), None, None) == Refusal("custom", "the moon is full")
    assert registry.custom_set([]) is None


def test_an_operator_is_a_custom_operator():
    wrong = [point("wrong", "pathlib:Path")]
    with pytest.raises(UsageError, match="operator 'wrong' cannot be used"):
        registry.custom_set(wrong)
    with pytest.raises(UsageError, match="operator 'wrong' cannot be used"):
        op_registry.with_third_party({}, wrong)


def test_an_operator_cannot_take_another_ones_kind():
    points = [point("mine", f"{__name__}:MINE")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EntryPoint, "load", lambda self: MINE)
        assert list(op_registry.with_third_party({"Other": PICKY.operator}, points)) == ["Mine", "Other"]
        with pytest.raises(UsageError, match="two operators named 'Mine'"):
            op_registry.with_third_party({"Mine": MINE.operator}, points)
