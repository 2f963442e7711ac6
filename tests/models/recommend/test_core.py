import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from nextbest.models.recommend.core.chance import fit_chance, level_ahead
from nextbest.models.recommend.core.logit import conditional_logit
from nextbest.models.recommend.core.methods import batches, make_lists, plain_methods
from nextbest.models.recommend.core.metrics import quality
from nextbest.models.recommend.core.neighbours import neighbours
from nextbest.models.recommend.core.orders import Orders, hold_out_from, hold_out_last, window
from nextbest.models.recommend.core.past import Past, compare, foretold, overall
from nextbest.models.recommend.core.ranking import first_of_groups, first_of_rows, one_after_other
from nextbest.models.recommend.core.related import for_cart, relations
from nextbest.models.recommend.core.repeat import pairs
from nextbest.models.recommend.core.scene import Scene
from nextbest.models.recommend.core.together import size_lifts, together

TEA, CAKE, MILK, JAM = range(4)
ANN, BOB, CID = range(3)


def test_the_last_order_is_held_out_and_others_later_orders_stay(orders_of):
    orders = orders_of([(ANN, 1, [TEA]), (ANN, 2, [CAKE]), (ANN, 3, [MILK]), (BOB, 9, [JAM])])
    trial = hold_out_last(orders, least_orders=3)
    assert trial.customers.tolist() == [ANN]
    assert trial.truth.toarray().tolist() == [[0, 0, 1, 0]]
    assert JAM in trial.seen.line_product
    assert MILK not in trial.seen.line_product


def test_an_earlier_order_can_be_held_out_instead(orders_of):
    orders = orders_of([(ANN, day, [day]) for day in range(4)])
    trial = hold_out_last(orders, least_orders=3, orders_back=1)
    assert trial.truth.indices.tolist() == [2]
    assert trial.seen.line_product.tolist() == [0, 1]


def test_nothing_on_or_after_the_day_is_seen(orders_of):
    orders = orders_of([(ANN, 1, [TEA]), (ANN, 5, [CAKE]), (ANN, 9, [MILK]), (BOB, 5, [JAM])])
    trial = hold_out_from(orders, day=5, least_orders=2)
    assert trial.seen.line_product.tolist() == [TEA]
    assert trial.truth.toarray().tolist() == [[0, 1, 1, 0]]


def test_guests_orders_make_products_popular_but_have_no_lists(orders_of):
    orders = orders_of([(-1, 1, [TEA]), (-1, 1, [TEA]), (ANN, 2, [CAKE])])
    assert orders.popularity().tolist() == [2, 1]
    assert orders.counts().toarray().tolist() == [[0, 1]]
    assert hold_out_last(orders, least_orders=1).customers.tolist() == [ANN]


def test_personal_frequency_breaks_ties_by_popularity(orders_of):
    orders = orders_of(
        [(ANN, 1, [TEA, CAKE]), (ANN, 2, [MILK]), (ANN, 3, [MILK]), (BOB, 1, [CAKE]), (CID, 4, [CAKE])]
    )
    scene = Scene(orders)
    methods = {kind: plain_methods(scene, kind)[:1] for kind in ("repeat", "discover")}
    described = batches(scene, np.array([ANN]), np.array([9]))
    made = make_lists(scene, described, 1, methods, 3)
    assert made["repeat", "personal_frequency"].tolist() == [[MILK, CAKE, TEA]]


def test_time_per_purchase_and_since_the_last_are_in_days(orders_of):
    orders = orders_of([(ANN, 0, [TEA]), (ANN, 10, [TEA, CAKE]), (ANN, 20, [TEA])])
    held = pairs(Scene(orders), np.array([30]))
    assert held.product.tolist() == [TEA, CAKE]
    assert held.n_orders.tolist() == [3, 1]
    assert held.since.tolist() == [10, 20]
    assert held.gap.tolist() == [10, 30]
    assert held.span.tolist() == [20, 0]


def test_without_days_time_is_counted_in_orders(orders_of):
    orders = orders_of([(ANN, None, [TEA])])
    held = pairs(Scene(Orders(orders.customer, None, orders.line_order, orders.line_product, 1, 1)), None)
    assert (held.since.tolist(), held.recent_days) == ([1], None)


def test_without_days_the_universe_is_what_was_bought_most_and_popularity_stays(orders_of):
    scene = Scene(
        orders_of([(ANN, None, [TEA, CAKE]), (BOB, None, [CAKE, MILK]), (CID, None, [MILK])]), None, 2
    )
    assert scene.universe.tolist() == [CAKE, MILK]
    assert scene.popularity.tolist() == [1, 2, 2]


def test_recent_popularity_does_not_see_the_day_itself(orders_of):
    scene = Scene(orders_of([(ANN, 1, [TEA]), (BOB, 4, [CAKE]), (CID, 5, [CAKE])]))
    counts = dict(scene.recent(np.array([4, 5, 7]), half_life=3))
    assert counts[4].round(3).tolist() == [0.5, 0]
    assert counts[5].round(3).tolist() == [round(0.5 ** (4 / 3), 3), round(0.5 ** (1 / 3), 3)]
    assert np.allclose(counts[7], [0.25, 0.5 ** (3 / 3) + 0.5 ** (2 / 3)])
    assert np.allclose(counts[7], scene.recent_on(7, 3))


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=5),
    st.integers(1, 5),
)
def test_the_first_k_are_the_highest_and_ties_keep_their_order(scores, k):
    table = np.array(scores, np.float32)
    expected = [sorted(range(4), key=lambda at, row=row: (-row[at], at))[:k] for row in scores]
    assert [[at for at in row if at >= 0] for row in first_of_rows(table, k).tolist()] == expected
    flat = first_of_groups(
        table.ravel().astype(float), np.tile(np.arange(4), len(scores)), np.arange(len(scores) + 1) * 4, k
    )
    assert [[at for at in row if at >= 0] for row in flat.tolist()] == expected


def test_one_list_fills_up_the_other():
    assert one_after_other(np.array([[3, -1]]), np.array([[5, 6]]), 3).tolist() == [[3, 5, 6]]


def test_ndcg_is_one_when_a_short_truth_comes_first():
    truth = sp.csr_matrix([[1, 0, 0, 0]])
    assert quality(np.array([[0, 1]]), truth, k=2).ndcg == 1
    assert quality(np.array([[1, 0]]), truth, k=2).ndcg == pytest.approx(1 / math.log2(3))


def test_the_ideal_of_ndcg_has_at_most_k_hits():
    assert quality(np.array([[0, 1]]), sp.csr_matrix([[1, 1, 1, 1]]), k=2).ndcg == pytest.approx(1)


def test_customers_without_anything_to_find_are_not_counted():
    truth = sp.csr_matrix([[1, 0], [0, 0]])
    measured = quality(np.array([[0, 1], [0, 1]]), truth, k=1)
    assert (measured.n_customers, measured.recall, measured.recall_se) == (1, 1.0, None)


@settings(max_examples=20)
@given(st.floats(-1.5, 1.5), st.integers(0, 100))
def test_the_weight_of_a_planted_preference_is_recovered(weight, seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(3000, 4))
    taken = (weight * features + rng.gumbel(size=(3000, 4))).argmax(axis=1)
    chosen = np.arange(4)[None, :] == taken[:, None]
    found = conditional_logit(features.reshape(-1, 1), chosen.ravel(), np.arange(0, 12000, 4))
    assert found[0] == pytest.approx(weight, abs=0.15)


def test_a_feature_that_never_varies_weighs_nothing():
    features = np.column_stack([np.ones(20), np.tile([0.0, 1.0], 10)])
    found = conditional_logit(features, np.tile([False, True, True, False], 5), np.arange(0, 20, 2))
    assert found.tolist() == pytest.approx([0, 0], abs=1e-9)


def test_probabilities_are_true_on_simulated_truth():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(60_000, 3)).astype(np.float32)
    truth = 1 / (1 + np.exp(-(features @ [1.0, -0.5, 0.0] - 2)))
    bought = rng.random(60_000) < truth
    chance = fit_chance(features[:40_000], bought[:40_000])
    said, seen = chance(features[40_000:]), bought[40_000:]
    for part in np.array_split(np.argsort(said, kind="stable"), 10):
        if seen[part].sum() >= 100:
            assert said[part].mean() == pytest.approx(seen[part].mean(), rel=0.2)
    assert said.mean() == pytest.approx(truth[40_000:].mean(), rel=0.05)


def test_too_few_purchases_give_no_probability():
    assert fit_chance(np.zeros((100, 1), np.float32), np.arange(100) < 10) is None


def test_everything_bought_is_still_a_probability():
    chance = fit_chance(np.arange(100, dtype=np.float32)[:, None], np.ones(100, dtype=bool))
    assert chance(np.array([[5]], np.float32)).tolist() == [1]


def test_large_baskets_alone_make_nothing_related():
    rng = np.random.default_rng(0)
    sizes = np.where(np.arange(4000) % 2, 2, 12)
    rows = np.repeat(np.arange(4000), sizes)
    items = np.concatenate([rng.choice(200, size, replace=False) for size in sizes])
    both, expected = size_lifts(sp.csr_matrix((np.ones(len(rows)), (rows, items)), shape=(4000, 200)))
    off = ~np.eye(200, dtype=bool)
    assert both[off].sum() / expected[off].sum() == pytest.approx(1, abs=0.03)


def test_what_is_bought_together_goes_with_and_what_is_bought_apart_goes_instead(orders_of):
    rows = []
    for customer in range(40):
        other = 4 + customer % 6
        rows += [(customer, 1, [TEA, CAKE]), (customer, 2, [MILK, other]), (customer, 3, [JAM, other])]
        rows += [(customer, 4, [MILK, other]), (customer, 5, [JAM, other])]
    families = np.array([0, 1, 2, 2] + [-1] * 6)
    extra = [(customer, 1, [4 + customer % 6, 4 + (customer + 1) % 6]) for customer in range(40, 80)]
    related = relations(Scene(orders_of(rows + extra)), families, k=3)
    together = set(
        zip(related["goes_with"].product.tolist(), related["goes_with"].related.tolist(), strict=True)
    )
    apart = set(
        zip(related["instead_of"].product.tolist(), related["instead_of"].related.tolist(), strict=True)
    )
    assert {(TEA, CAKE), (CAKE, TEA)} <= together
    assert (MILK, JAM) not in together
    assert apart == {(MILK, JAM), (JAM, MILK)}


def test_a_list_for_a_cart_never_holds_what_is_in_it():
    goes_with = [("tea", "cake", 3.0), ("cake", "tea", 3.0), ("tea", "milk", 2.0)]
    assert for_cart(["tea", "cake"], goes_with, k=5) == ["milk"]
    assert for_cart([], goes_with, k=5) == []


def test_a_window_asks_about_every_customer_who_had_ordered(orders_of):
    trial = window(orders_of([(ANN, 1, [TEA]), (BOB, 2, [TEA]), (BOB, 12, [CAKE]), (CID, 11, [TEA])]), 10, 5)
    assert trial.customers.tolist() == [ANN, BOB]
    assert trial.truth.toarray().tolist() == [[0, 0], [0, 1]]


def test_a_level_is_followed_when_it_rests_on_much_and_hardly_when_it_rests_on_little():
    levels = np.array([-2.0, -2.0, -2.0, -1.0])
    much, little = np.full(4, 10_000.0), np.array([10_000.0, 10_000.0, 10_000.0, 1.0])
    assert level_ahead(levels, much) == pytest.approx(-0.8, abs=0.05)
    assert level_ahead(levels, little) == pytest.approx(-2, abs=0.05)


@given(st.floats(-5, 5), st.lists(st.floats(1, 1e4), min_size=1, max_size=6))
def test_a_steady_level_stays(level, n_bought):
    assert level_ahead(np.full(len(n_bought), level), np.array(n_bought)) == pytest.approx(level)


def test_a_shop_whose_level_falls_is_not_foretold_by_its_mean():
    rng = np.random.default_rng(3)
    feature = rng.normal(size=(40_000, 1)).astype(np.float32)
    window = np.repeat(np.arange(4), 10_000)
    shares = np.array([0.4, 0.3, 0.2, 0.2])
    chance = fit_chance(feature, rng.random(40_000) < shares[window], window)
    assert chance(feature).mean() == pytest.approx(0.2, rel=0.1)


def past_lists(shares, n=4000, seed=5):
    """Make a list a window, the latest first, of which a share is bought whatever the row."""
    rng = np.random.default_rng(seed)
    return [
        Past(
            100 - 28 * at,
            np.arange(n) // 10,
            rng.normal(size=(n, 2)).astype(np.float32),
            rng.random(n) < share,
        )
        for at, share in enumerate(shares)
    ]


def test_a_window_is_tested_by_what_was_learnt_before_it():
    told = foretold(past_lists([0.6, 0.2, 0.2, 0.2, 0.2]))
    tenths = [tenth for part, chance in told for tenth in compare("repeat", part, chance)]
    assert {tenth.day for tenth in tenths} == {100, 72}
    assert len(tenths) == 20
    latest = [tenth for tenth in tenths if tenth.day == 100]
    assert all(tenth.predicted < 0.25 < tenth.low <= tenth.observed <= tenth.high for tenth in latest)
    assert all(
        tenth.low <= tenth.predicted <= tenth.high
        for tenth in tenths
        if tenth.day == 72 and 2 < tenth.decile < 9
    )


def test_tenths_hold_every_row_once_and_rise():
    (part,) = past_lists([0.3], n=1003)
    tenths = compare("discover", part, np.linspace(0, 1, 1003))
    assert sum(tenth.n for tenth in tenths) == 1003
    assert sum(tenth.n_bought for tenth in tenths) == part.bought.sum()
    assert [tenth.decile for tenth in tenths] == list(range(1, 11))
    assert sorted(tenth.predicted for tenth in tenths) == [tenth.predicted for tenth in tenths]
    whole = overall("discover", part, np.linspace(0, 1, 1003))
    assert (whole.decile, whole.n, whole.n_bought) == (0, 1003, part.bought.sum())
    assert whole.low < whole.observed < whole.high


@given(st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=2, max_size=12))
def test_neighbours_say_what_a_table_of_cosines_says(rows):
    bought = sp.csr_matrix(np.array(rows, np.float32))
    near = neighbours(bought)
    table = np.array(rows, float)
    chosen = [row for row in range(len(rows)) if table[row].sum() > 1]
    shares = near.shares(bought, np.arange(len(rows)))
    for row in range(len(rows)):
        others = [other for other in chosen if other != row]
        cosine = {other: (table[row] @ table[other]) / np.sqrt(table[other].sum()) for other in others}
        last = sorted([0.0] * 5 + list(cosine.values()), reverse=True)[near.n_nearest - 1]
        kept = {other: value for other, value in cosine.items() if value > 0 and value >= last}
        expected = sum((value * table[other] for other, value in kept.items()), np.zeros(5))
        total = sum(kept.values())
        assert shares[row] == pytest.approx(expected / total if total else expected, abs=1e-5)


@given(st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=1, max_size=8))
def test_pairs_are_counted_as_a_matrix_product_counts_them(rows):
    table = np.array(rows)
    assert (together(sp.csr_matrix(table)) == table.T @ table).all()


def test_of_what_nobody_bought_the_interval_is_not_empty():
    part = Past(0, np.arange(100), np.zeros((100, 1), np.float32), np.zeros(100, dtype=bool))
    none = overall("discover", part, np.full(100, 0.01))
    assert (none.low, none.observed) == (0.0, 0.0)
    assert none.high == pytest.approx(0.037, abs=0.001)
