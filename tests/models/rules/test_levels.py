"""Baskets of products, of categories, of customers, from one reading."""

import numpy as np

from nextbest.models.rules.core.levels import at_level, by_customer, make_bought, only_found


def bought_of(*lines, customers, n_products=4):
    """Write lines as (basket, product)."""
    keys = np.array([basket * 2**32 + product for basket, product in lines], dtype=np.int64)
    owners = np.array(customers, dtype=np.int32)
    return make_bought(keys, owners, np.arange(len(owners), dtype=np.int32), n_products=n_products)


def rows(source):
    return list(zip(source.basket.tolist(), source.product.tolist(), strict=True))


def test_a_product_bought_twice_in_a_basket_is_there_once():
    bought = bought_of((1, 3), (0, 2), (1, 3), customers=[0, 1])
    assert rows(at_level(bought, None)) == [(0, 2), (1, 3)]
    assert bought.n_lines.tolist() == [0, 0, 1, 2]


def test_two_products_of_a_category_are_one_and_baskets_without_any_go():
    bought = bought_of((0, 3), (1, 0), (1, 1), (2, 2), customers=[0, 1, -1])
    source = at_level(bought, np.array([0, 0, 1, -1], dtype=np.int32))
    assert rows(source) == [(0, 0), (1, 1)]
    assert (source.n_baskets, source.customers.tolist(), source.days.tolist()) == (2, [0, -1], [1, 2])


def test_a_customers_basket_holds_what_all_of_theirs_held_and_guests_have_none():
    bought = by_customer(bought_of((0, 0), (1, 0), (1, 1), (2, 2), (3, 3), customers=[0, 0, 1, -1]))
    source, found = only_found(at_level(bought, None), 4)
    assert rows(source) == [(0, 0), (0, 1), (1, 2)]
    assert (source.n_baskets, found.tolist()) == (2, [0, 1, 2])
