import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygen.kernels.nest import MAX_LEVELS, Level, collapse, strides, table
from tinygen.resources import firmware


def visited(levels):
    """Offsets of both operands in each round, by index arithmetic."""
    extents = [level.extent for level in levels]
    steps = np.array([level.steps for level in levels], int).reshape(-1, 2)
    return [tuple((np.array(index, int) @ steps).tolist()) for index in np.ndindex(*extents)]


def walked(rows, levels):
    """The same by the table's moves, as firmware/kernels/nest.h walks it."""
    index, at, found = [0] * levels, [0, 0], []
    while True:
        found.append(tuple(at))
        for level in reversed(range(levels)):
            index[level] += 1
            if index[level] < rows[level][0]:
                at[0] += rows[level][1]
                at[1] += rows[level][2]
                break
            index[level] = 0
        else:
            return found


nests = st.lists(
    st.builds(lambda n, a, b: Level(n, (a, b)), st.integers(1, 4), st.integers(0, 9), st.integers(0, 9)),
    max_size=4,
)


@given(nests)
def test_collapsing_changes_no_round(levels):
    fewer = collapse(levels)
    assert visited(fewer) == visited(levels)
    assert all(level.extent > 1 for level in fewer)


@given(nests)
def test_the_table_visits_every_round(levels):
    assert walked(table(levels).reshape(-1, 3).tolist(), len(levels)) == visited(levels)


def test_a_dense_tensor_is_one_loop():
    shape = (2, 3, 4)
    levels = [Level(size, (step,)) for size, step in zip(shape, strides(shape), strict=True)]
    assert strides(shape) == (12, 4, 1)
    assert collapse(levels) == [Level(24, (1,))]


def test_the_limit_is_the_headers():
    header = (firmware() / "kernels" / "nest.h").read_text(encoding="utf-8")
    assert f"TG_NEST_LEVELS = {MAX_LEVELS} " in header
