from hypothesis import given
from hypothesis import strategies as st

from nextbest.decisions.audiences.core import JOINER, read_body

IDS = st.lists(
    st.sampled_from(["Beer", "Nuts + Seeds", "Oil", "A + B + C"]), min_size=1, max_size=4, unique=True
)


@given(IDS)
def test_every_body_is_read_back_whatever_its_ids_contain(ids):
    assert list(read_body(JOINER.join(ids), lambda reading: list(reading) == ids)) == ids


def test_the_reading_with_fewest_ids_comes_first():
    assert read_body("Nuts + Seeds", lambda _: True) == ("Nuts + Seeds",)
