from importlib.metadata import EntryPoint

import pytest

from tinygen.errors import UsageError
from tinygen.kernels import registry
from tinygen.kernels.interface import FamilySet
from tinygen.kernels.portable import PORTABLE

FAST = FamilySet("fast", {})
FASTER = FamilySet("faster", {})


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.ENTRY_POINT_GROUP)


@pytest.fixture
def installed(monkeypatch):
    """The kernel sets as with a package that registers two."""
    points = [point("fast", f"{__name__}:FAST"), point("faster", f"{__name__}:FASTER")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
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
