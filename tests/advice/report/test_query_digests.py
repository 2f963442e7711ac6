"""Digests of long tables, on DuckDB: the page reads thousands of rows as a handful."""

import ibis
import pytest

from nextbest.advice.report import query
from nextbest.advice.report.spec import (
    CAMPAIGN_CONSENTS,
    FIRST_SCORES,
    LADDER_STEPS,
    OFFER_EXAMPLES,
    OFFER_KINDS,
    OFFER_REACH,
    OFFER_UNSERVED,
    SCORED_CUSTOMERS,
    SHOP_TOTALS,
)
from nextbest.decisions.campaigns import CAMPAIGN_AUDIENCE
from nextbest.decisions.offers import NEXT_BEST_OFFERS, OFFER_CANDIDATES
from nextbest.models.ladders import LADDERS
from nextbest.models.propensity.spec import PROPENSITY_SCORES

OFFER = {"kind": "replenish", "probability": 0.4, "margin_source": "given", "incremental_profit": None}
OFFERS = [
    OFFER | {"customer_id": customer, "rank": rank, "product_id": product, "expected_profit": profit}
    for customer, rank, product, profit in (
        ("ann", 1, "milk", 0.5), ("bob", 1, "milk", 0.9), ("bob", 2, "jam", 0.1), ("cid", 1, "tea", None),
    )
]  # fmt: skip
CONTRACTS = {
    "shop_totals": SHOP_TOTALS,
    "offer_kinds": OFFER_KINDS,
    "offer_examples": OFFER_EXAMPLES,
    "offer_reach": OFFER_REACH,
    "offer_unserved": OFFER_UNSERVED,
    "ladder_steps": LADDER_STEPS,
    "campaign_consents": CAMPAIGN_CONSENTS,
    "first_scores": FIRST_SCORES,
    "scored_customers": SCORED_CUSTOMERS,
}


def table(contract, rows):
    """Type rows of a contract; what is not typed is null."""
    kinds = {"money": "decimal(18, 4)"}
    schema = {column.name: kinds.get(column.kind, column.kind) for column in contract.columns}
    return ibis.memtable([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def read(expression):
    return expression.to_pyarrow().to_pylist()


def test_every_digest_has_its_contract():
    assert query.DIGESTS.keys() == CONTRACTS.keys()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("offer_kinds", NEXT_BEST_OFFERS), ("offer_examples", NEXT_BEST_OFFERS), ("offer_reach", OFFER_CANDIDATES),
        ("offer_unserved", OFFER_CANDIDATES), ("ladder_steps", LADDERS), ("first_scores", PROPENSITY_SCORES),
        ("scored_customers", PROPENSITY_SCORES), ("campaign_consents", CAMPAIGN_AUDIENCE),
    ],
)  # fmt: skip
def test_a_digest_does_not_execute_and_has_the_columns_of_its_contract(name, source):
    kinds = {"money": "decimal(18, 4)"}
    unbound = ibis.table(
        {column.name: kinds.get(column.kind, column.kind) for column in source.columns}, name=source.name
    )
    drawn = query.DIGESTS[name][1](unbound)
    assert set(drawn.columns) == set(CONTRACTS[name].names)


def test_kinds_are_summed_up_with_the_weakest_source_of_their_margins():
    offers = [*OFFERS[:2], OFFERS[2] | {"margin_source": "assumed"}]
    (row,) = read(query.offer_kinds(table(NEXT_BEST_OFFERS, offers)))
    assert (row["n_offers"], row["n_customers"], row["n_tested"], row["margin_source"]) == (
        3,
        2,
        0,
        "assumed",
    )
    assert row["expected_profit"] == pytest.approx(0.5)


def test_of_each_product_the_offer_with_most_expected_profit_is_an_example():
    rows = sorted(read(query.offer_examples(table(NEXT_BEST_OFFERS, OFFERS))), key=lambda row: row["place"])
    assert [(row["product_id"], row["customer_id"]) for row in rows] == [
        ("milk", "bob"), ("jam", "bob"), ("tea", "cid"),
    ]  # fmt: skip


def test_customers_without_any_offer_are_counted_by_what_ruled_their_candidates_out():
    candidates = table(
        OFFER_CANDIDATES,
        [
            {"customer_id": customer, "product_id": product, "stage": stage}
            for customer, product, stage in (
                ("ann", "milk", "offered"), ("ann", "jam", "just_bought"), ("bob", "jam", "just_bought"),
                ("bob", "tea", "out_of_stock"),
            )
        ],
    )  # fmt: skip
    (reach,) = read(query.offer_reach(candidates))
    assert reach == {"n_candidates": 4, "n_offered": 1, "n_customers": 2, "n_served": 1}
    unserved = sorted(read(query.offer_unserved(candidates)), key=lambda row: row["reason"])
    assert unserved == [
        {"reason": "just_bought", "n_customers": 1}, {"reason": "out_of_stock", "n_customers": 1},
    ]  # fmt: skip


def test_steps_that_were_taken_come_furthest_above_chance_first_and_unsupported_ones_not_at_all():
    step = {"source": "next_band", "n_stepped": 20, "expected_stepped": 15.0, "is_supported": True}
    pairs = [
        step | {"product_id": "a", "upgrade_id": "b"},
        step | {"product_id": "a", "upgrade_id": "c", "expected_stepped": 10.0},
        step | {"product_id": "g", "upgrade_id": "h", "n_stepped": None, "expected_stepped": None},
        step | {"product_id": "x", "upgrade_id": "y", "is_supported": False},
    ]
    rows = sorted(read(query.ladder_steps(table(LADDERS, pairs))), key=lambda row: row["place"])
    assert [row["upgrade_id"] for row in rows] == ["c", "b", "h"]
    assert {row["n_steps"] for row in rows} == {3}


def test_only_the_first_five_customers_of_a_model_are_read():
    scores = table(
        PROPENSITY_SCORES,
        [{"model_id": "m", "customer_id": f"c{i}", "rank": i, "propensity": 0.5} for i in range(1, 31)],
    )
    assert sorted(row["rank"] for row in read(query.first_scores(scores))) == list(range(1, 6))
    assert read(query.scored_customers(scores)) == [{"model_id": "m", "n_customers": 30, "propensity": 0.5}]
