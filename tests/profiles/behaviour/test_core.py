import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextbest.profiles.behaviour.core import distinct_counts
from nextbest.profiles.behaviour.spec import CUSTOMER_SHIFT, PRODUCT_SHIFT

CATEGORY_OF = np.array([0, 0, 1, -1, -1], dtype=np.int32)
BOUGHT = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 4)), max_size=30)


def counted(bought):
    purchases = [
        customer * 2**CUSTOMER_SHIFT + product * 2**PRODUCT_SHIFT + window
        for customer, product, window in bought
    ]
    return distinct_counts(np.array(purchases, dtype=np.int64), CATEGORY_OF, 3)


def test_who_bought_nothing_counts_nothing():
    n_products, n_categories = counted([])
    assert n_products.tolist() == n_categories.tolist() == [[0] * 5] * 3


def test_products_of_no_category_count_as_products_only():
    n_products, n_categories = counted([(1, 3, 2), (1, 4, 2)])
    assert n_products.tolist()[1] == [0, 0, 2, 2, 2]
    assert n_categories.tolist()[1] == [0] * 5


@given(BOUGHT)
def test_counts_are_those_of_sets(bought):
    n_products, n_categories = counted(bought)
    for customer in range(3):
        for window in range(5):
            own = {product for who, product, when in bought if who == customer and when <= window}
            assert n_products[customer, window] == len(own)
            assert n_categories[customer, window] == len({CATEGORY_OF[product] for product in own} - {-1})


@given(BOUGHT, st.randoms())
def test_the_order_of_lines_does_not_matter(bought, random):
    mixed = random.sample(bought, len(bought))
    assert all(np.array_equal(a, b) for a, b in zip(counted(bought), counted(mixed), strict=True))
