from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextbest.decisions.offers.core.features import Known, described
from nextbest.decisions.offers.core.guardrails import RULES, example, forbidden_by
from nextbest.decisions.offers.core.ranking import STAGES, judge
from nextbest.decisions.offers.core.rows import Rows
from nextbest.decisions.offers.spec import GUARDRAILS, KINDS, SOURCES, OfferSettings

SETTINGS = OfferSettings()
KIND_NAMES = sorted(set(KINDS.values()))


RARELY = st.sampled_from([False] * 9 + [True])
"""Most rows pass each guardrail, so that enough of them are offered to tell."""


@st.composite
def candidates(draw):
    """Draw any candidates, each customer and product once."""
    pairs = draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), unique=True, min_size=1, max_size=30)
    )
    n = len(pairs)

    def many(values):
        return np.array(draw(st.lists(values, min_size=n, max_size=n)))

    def maybe(values):
        return many(st.one_of(st.just(float("nan")), values)).astype(float)

    source = many(st.integers(0, len(SOURCES) - 1))
    return Rows(
        customer=np.array([pair[0] for pair in pairs]),
        product=np.array([pair[1] for pair in pairs]),
        category=many(st.integers(-1, 2)),
        name=many(st.integers(0, 5)),
        source=source,
        kind=np.array([KIND_NAMES.index(KINDS[SOURCES[place]]) for place in source]),
        place=many(st.integers(1, 20)),
        probability=maybe(st.sampled_from([0.0, 0.1, 0.5])),
        margin=maybe(st.sampled_from([-1.0, 0.0, 2.0, 5.0])),
        own_orders=many(st.sampled_from([0, 0, 0, 0, 1, 2])).astype(float),
        own_days=maybe(st.sampled_from([0.0, 5.0, 13.0, 14.0, 40.0, 60.0, 90.0, 200.0])),
        gap_days=maybe(st.integers(1, 40).map(float)),
        is_replenishable=many(st.booleans()),
        n_alike=many(RARELY).astype(float),
        is_active=~many(RARELY),
        is_never=many(RARELY),
        is_fading=many(RARELY),
        again_ratio=maybe(st.sampled_from([0.0, 0.2, 1.0, 1.0, 2.0])),
        on_hand=maybe(st.sampled_from([-1.0, 0.0, 3.0, 3.0, 5.0, 9.0])),
        product_risk=maybe(st.sampled_from([1.0, 1.0, 1.0, 1.0, 2.0, 5.0])),
        customer_risk=maybe(st.integers(1, 5).map(float)),
        is_rejected=many(RARELY),
        is_losing=many(RARELY),
    )


settings_drawn = st.builds(
    OfferSettings,
    max_offers=st.integers(1, 5),
    max_per_category=st.integers(1, 3),
    max_per_kind=st.integers(1, 3),
    margin_floor=st.sampled_from([0.0, 3.0]),
    offer_alike=st.booleans(),
    leave_out_losing=st.booleans(),
)


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
