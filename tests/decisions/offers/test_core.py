from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.decisions.offers.core.features import Known, described
from nextbest.decisions.offers.core.guardrails import RULES, example, forbidden_by, rarely_again
from nextbest.decisions.offers.core.ranking import STAGES, judge
from nextbest.decisions.offers.core.rows import Rows
from nextbest.decisions.offers.spec import GUARDRAILS, KINDS, SOURCES, OfferSettings

SETTINGS = OfferSettings()
KIND_NAMES = sorted(set(KINDS.values()))


def drawn(seed, n):
    """Draw candidates, each customer and product once; most pass each guardrail, so that enough are offered to tell."""
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(4 * 20)[:n]

    def one_of(*values):
        return rng.choice(np.array(values), n)

    def rarely():
        return rng.random(n) < 0.1

    nan = np.nan
    source = rng.integers(0, len(SOURCES), n)
    return Rows(
        customer=pairs // 20,
        product=pairs % 20,
        category=rng.integers(-1, 6, n),
        name=rng.integers(0, 15, n),
        source=source,
        kind=np.array([KIND_NAMES.index(KINDS[SOURCES[place]]) for place in source]),
        place=rng.integers(1, 20, n),
        probability=one_of(nan, 0.0, 0.1, 0.3, 0.5),
        margin=one_of(nan, -1.0, 0.0, 2.0, 5.0),
        own_orders=np.where(source == SOURCES.index("repeat"), 2.0, one_of(0.0, 0.0, 0.0, 1.0)),
        own_days=one_of(nan, 5.0, 13.0, 14.0, 40.0, 90.0),
        gap_days=one_of(nan, 1.0, 15.0, 40.0),
        is_replenishable=rng.random(n) < 0.5,
        n_alike=rarely().astype(float),
        is_active=~rarely(),
        is_never=rarely(),
        is_fading=rarely(),
        again_ratio=one_of(nan, 0.1, 1.0),
        on_hand=one_of(nan, nan, -1.0, 0.0, 3.0, 9.0),
        product_risk=one_of(nan, 1.0, 1.0, 2.0, 5.0),
        customer_risk=one_of(nan, 1.0, 3.0, 5.0),
        is_rejected=rarely(),
        is_losing=rarely(),
    )


def candidates():
    return st.builds(drawn, st.integers(0, 2**32 - 1), st.integers(1, 80))


settings_drawn = st.builds(
    OfferSettings,
    max_offers=st.integers(1, 5),
    max_per_category=st.integers(1, 3),
    max_per_kind=st.integers(1, 3),
    margin_floor=st.sampled_from([0.0, 3.0]),
    offer_alike=st.booleans(),
    leave_out_losing=st.booleans(),
)


def test_enough_of_the_drawn_candidates_are_offered_to_tell():
    n_second = [(judge(drawn(seed, 60), SETTINGS).rank > 1).sum() for seed in range(20)]
    assert np.mean(n_second) > 1


@given(candidates(), settings_drawn)
def test_no_offer_ever_breaks_a_guardrail(rows, settings):
    offered = rows.take(judge(rows, settings).rank > 0)
    for name, guardrail in RULES.items():
        assert not guardrail(offered, settings).any(), name


@given(candidates(), settings_drawn)
def test_what_an_offer_promises_is_true_of_each_row(rows, settings):
    """The same, said again without the guardrails' own code."""
    for number in np.flatnonzero(judge(rows, settings).rank > 0):
        row = {field.name: getattr(rows, field.name)[number] for field in fields(Rows)}
        is_repeat = SOURCES[row["source"]] == "repeat"
        assert row["is_active"]
        assert not row["is_rejected"]
        assert not row["is_never"]
        assert not row["is_fading"]
        assert not (row["on_hand"] <= 0)
        assert not (row["margin"] < settings.margin_floor)
        assert is_repeat or row["own_orders"] == 0
        if row["product_risk"] > 1:
            assert row["customer_risk"] >= row["product_risk"]
        if row["own_days"] < settings.just_bought_days:
            assert row["is_replenishable"]
            assert row["own_days"] >= settings.due_from * row["gap_days"]


@given(candidates(), settings_drawn)
def test_lists_are_no_longer_than_the_settings_say(rows, settings):
    rank = judge(rows, settings).rank
    offered = rows.take(rank > 0)
    for customer in np.unique(offered.customer):
        mine = offered.take(offered.customer == customer)
        assert len(mine) <= settings.max_offers
        assert sorted(rank[(rank > 0) & (rows.customer == customer)]) == list(range(1, len(mine) + 1))
        _, of_kind = np.unique(mine.kind, return_counts=True)
        assert len(np.unique(mine.name)) == len(mine)
        _, of_category = np.unique(mine.category[mine.category >= 0], return_counts=True)
        assert of_kind.max() <= settings.max_per_kind
        assert of_category.max(initial=0) <= settings.max_per_category


@given(candidates(), settings_drawn)
def test_more_expected_profit_comes_first_and_what_is_not_known_last(rows, settings):
    verdicts = judge(rows, settings)
    for customer in np.unique(rows.customer):
        mine = np.flatnonzero((rows.customer == customer) & (verdicts.rank > 0))
        worth = verdicts.expected_profit[mine[np.argsort(verdicts.rank[mine])]]
        known = np.where(np.isnan(worth), -np.inf, worth)
        assert (known[:-1] >= known[1:]).all()


@given(candidates(), settings_drawn, st.randoms())
def test_the_order_of_rows_changes_nothing(rows, settings, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    one, other = judge(rows, settings), judge(rows.take(np.array(order)), settings)
    assert (one.rank[order] == other.rank).all()
    assert (one.stage[order] == other.stage).all()


@given(candidates(), settings_drawn)
def test_one_customer_alone_gets_what_they_get_among_all(rows, settings):
    together = judge(rows, settings)
    for customer in np.unique(rows.customer):
        mine = rows.customer == customer
        alone = judge(rows.take(mine), settings)
        assert (alone.rank == together.rank[mine]).all()


@given(candidates(), settings_drawn)
def test_every_candidate_has_one_stage(rows, settings):
    verdicts = judge(rows, settings)
    is_offered = np.array([STAGES[stage] == "offered" for stage in verdicts.stage])
    assert (is_offered == (verdicts.rank > 0)).all()


def test_the_first_guardrail_that_forbids_is_the_reason():
    one = example()
    both = replace(one, is_active=np.zeros(2, dtype=bool), is_rejected=np.array([True, False]))
    assert [GUARDRAILS[place] for place in forbidden_by(both, SETTINGS)] == ["rejected_rule", "inactive"]


@pytest.mark.parametrize(("risk", "forbidden"), [(1.0, False), (2.0, True), (np.nan, False)])
def test_who_was_not_assessed_may_take_the_lowest_risk_only(risk, forbidden):
    one = replace(example(), product_risk=np.array([risk, risk]))
    assert RULES["risk_too_high"](one, SETTINGS).tolist() == [forbidden, forbidden]


def test_features_are_finite_whatever_is_unknown():
    known = Known(
        source=np.arange(len(SOURCES)),
        **{
            name: np.zeros(len(SOURCES))
            for name in ("n_recent", "n_products", "n_recent_products", "silence_days", "category_orders")
        },
        strength=np.full(len(SOURCES), np.nan),
    )
    assert np.isfinite(described(known)).all()


def test_an_offer_that_is_worth_next_to_nothing_is_left_out():
    worth = replace(example(), probability=np.array([0.1, 0.1]), margin=np.array([0.09, 0.1]))
    verdicts = judge(replace(worth, own_days=np.full(2, 30.0)), SETTINGS)
    assert [STAGES[stage] for stage in verdicts.stage] == ["too_weak", "offered"]


def test_what_was_bought_once_long_ago_is_not_offered_again():
    rows = replace(example(), own_days=np.array([180.0, 181.0]))
    assert rarely_again(rows, SETTINGS).tolist() == [False, True]
