"""A small made-up shop as the tables of a snapshot: every contract the report reads, the same rows every time."""

import random
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.advice.report import typed as typed_rows

from nextbest.advice.report import Edition, render_report
from nextbest.base.findings import Finding

AS_OF = date(2024, 7, 1)
QUARTERS = [date(2023, 1, 1), date(2023, 4, 1), date(2023, 7, 1), date(2023, 10, 1), date(2024, 1, 1)]
SEGMENTS = ("champions", "loyal", "promising", "at_risk", "lost")
STAGES = ("new", "active", "slowing", "dormant", "gone")
NAMES = (
    "Ground coffee", "Paper filters", "Oat milk", "Rye bread", "Salted butter", "Strawberry jam", "Pasta", "Tomato sauce",
    "Parmesan", "Red wine", "Baby wipes", "Diapers", "Shampoo", "Conditioner", "Toothpaste", "Cat food",
)  # fmt: skip


def scores(n, rng):
    """Customers with skewed revenue: few bring most."""
    rows = []
    for i in range(n):
        r, f = rng.randint(1, 5), rng.randint(1, 5)
        revenue = Decimal(str(round(rng.lognormvariate(2.0 + 0.5 * f + 0.2 * r, 0.8), 2)))
        segment = SEGMENTS[min(4, (10 - r - f) // 2)]
        rows.append(
            {
                "customer_id": f"c{i:05}", "as_of": AS_OF, "days_since_last_order": (6 - r) * 14, "n_orders": f * 3,
                "revenue_total": revenue, "r_score": r, "f_score": f, "m_score": f, "segment": segment,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows)


def stages(n, rng):
    """Most customers are active."""
    drawn = rng.choices(STAGES, (8, 55, 17, 12, 8), k=n)
    return pa.Table.from_pylist(
        [{"customer_id": f"c{i:05}", "as_of": AS_OF, "stage": drawn[i], "n_orders": 3} for i in range(n)]
    )


def a_rule(rule_id, body, head, **given):
    """Type one rule; what is not typed follows from the counts."""
    row = {
        "rule_id": rule_id, "body": body, "head": head, "body_ids": body, "head_id": head, "level": "product",
        "is_ordered": False, "sign": "+", "n_orders": 10_000, "n_body": 400, "n_head": 500, "n_both": 60,
        "n_customers_both": 45, "p_value": 1e-9, "q_value": 1e-7, "size_lift": 2.0, "size_p_value": 1e-6,
        "size_q_value": 1e-4, "customer_lift": 1.5, "n_periods": 5, "n_periods_held": 5, "days_between": None,
        "days_between_low": None, "days_between_high": None, "relation": "complements", "is_redundant": False,
        "n_audience": 300, "margin_at_stake": 100.0, "margin_source": "assumed", "origin": "mined", "review": None,
        "review_note": None,
    } | given  # fmt: skip
    measures = {
        "support": row["n_both"] / row["n_orders"],
        "confidence": row["n_both"] / row["n_body"],
        "rule_lift": row["n_both"] * row["n_orders"] / (row["n_body"] * row["n_head"]),
        "leverage": 0.001,
        "conviction": 1.1,
    }
    return measures | row


def some_rules(rng):
    """Complements in both directions, followers with days, and substitutes."""
    rows = []
    for i in range(60):
        body, head = rng.sample(NAMES, 2)
        n_both, lift = int(rng.lognormvariate(4, 0.9)) + 12, round(rng.lognormvariate(0.8, 0.5) + 0.7, 3)
        n_body, n_head = n_both * rng.randint(3, 9), n_both * rng.randint(3, 12)
        kind = {"level": "category"} if i % 5 == 4 else {}
        if i % 6 == 5:
            days = rng.randint(5, 40)
            kind = {"is_ordered": True, "relation": "follows", "days_between": float(days)}
            kind |= {"days_between_low": days * 0.6, "days_between_high": days * 1.7}
        elif i % 13 == 12:
            lift, kind = 0.4, {"sign": "-", "relation": "substitutes"}
        common = {"n_both": n_both, "size_lift": lift, "n_audience": n_body, **kind}
        stake = round(n_body * max(1 - 1 / lift, 0.01) * 1.7, 2)
        rows.append(
            a_rule(f"r{i:03}a", body, head, n_body=n_body, n_head=n_head, margin_at_stake=stake, **common)
        )
        if not kind.get("is_ordered"):
            back = round(stake * 0.7, 2)
            rows.append(
                a_rule(f"r{i:03}b", head, body, n_body=n_head, n_head=n_body, margin_at_stake=back, **common)
            )
    rows[0] |= {"review": "approved", "review_note": "Shelf moved in May"}
    rows[1] |= {"origin": "written", "size_q_value": None, "margin_source": "given"}
    return rows


def periods(rules, rng):
    """A quarter's lift wobbles around the rule's own."""
    return [
        {
            "rule_id": rule["rule_id"], "period_on": on, "n_orders": 2000, "n_body": 80, "n_head": 100, "n_both": 12,
            "rule_lift": None if rng.random() < 0.05 else rule["size_lift"] * rng.uniform(0.4, 1.4),
        }
        for rule in rules
        for on in QUARTERS
    ]  # fmt: skip


@pytest.fixture
def rule():
    """Give the maker of one rule."""
    return a_rule


def as_arrow(tables):
    """Make typed rows a snapshot."""
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}


def make_snapshot(seed=1, n_customers=600):
    """Every table the report reads."""
    rng = random.Random(seed)  # noqa: S311
    rules = some_rules(rng)
    members = [
        {"rule_id": each["rule_id"], "customer_id": f"c{i:05}", "margin_at_stake": 0.31}
        for each in rules[:30]
        for i in range(rng.randint(20, 300))
    ]
    return {
        "rfm": scores(n_customers, rng),
        "lifecycle": stages(n_customers, rng),
        "rules": pa.Table.from_pylist(rules),
        "rule_periods": pa.Table.from_pylist(periods(rules, rng)),
        "audiences": pa.Table.from_pylist(members),
        "rule_limits": pa.Table.from_pylist(
            [
                {"level": "product", "is_ordered": False, "limit": "min_count", "value": 12.0, "n_left_out": 4203},
                {"level": "product", "is_ordered": False, "limit": "max_basket", "value": 1000.0, "n_left_out": 1},
            ]
        ),
        "shop_totals": pa.Table.from_pylist(
            [
                {
                    "n_orders": 10_000, "n_customers": n_customers, "n_products": 16, "n_lines": 48_211,
                    "revenue_total": Decimal("183204.5000"), "first_on": date(2023, 1, 2), "last_on": date(2024, 6, 30),
                }
            ]
        ),
        "load_report": pa.Table.from_pylist(
            [
                {
                    "source": "till", "file": "orders-2024.csv", "table": "order_lines", "n_read": 48_500,
                    "n_kept": 48_211, "n_merged": 240, "n_quarantined": 49,
                }
            ]
        ),
        "load_reasons": pa.Table.from_pylist(
            [
                {"source": "till", "file": "orders-2024.csv", "rule": rule, "effect": effect, "n_rows": n, "example": x}
                for rule, effect, n, x in (
                    ("exact_duplicate", "merged", 240, "order o17, product Pasta"),
                    ("impossible_quantity", "quarantined", 49, "quantity -80995"),
                    ("postage", "flagged", 311, "POST"),
                )
            ]
        ),
        "data_quality": pa.Table.from_pylist(
            [
                {
                    "table": "order_lines", "column": column, "n_rows": 48_211, "n_missing": missing, "n_distinct": 600,
                    "low": low, "high": high, "note": note,
                }
                for column, missing, low, high, note in (
                    ("customer_id", 2410, "c00000", "c00599", "guests"),
                    ("net_revenue", 0, "-12.5000", "310.0000", None),
                )
            ]
        ),
        **as_arrow(typed_rows.offer_tables() | typed_rows.profit_tables() | typed_rows.campaign_tables()),
        **as_arrow(
            typed_rows.model_tables(
                typed_rows.a_model("Oat milk"), typed_rows.a_model("Pasta", skill=2.0, auc=0.7)
            )
        ),
        "skipped": pa.Table.from_pylist([{"capability": "behaviour", "missing": "order_lines.ordered_on"}]),
    }  # fmt: skip


def some_findings():
    """Two findings of the RFM room, one with money."""
    counts = {"n_customers": 120, "customer_share": 0.2, "revenue_share": 0.5, "revenue_total": 91_602.25}
    return [
        Finding("rfm.quiet", counts | {"segment": "rfm.at_risk"}, money=4210.5, margin_source="assumed"),
        Finding("rfm.top_segment", counts | {"segment": "rfm.champions"}),
    ]


@pytest.fixture(scope="session")
def snapshot_maker():
    """Give the maker of snapshots."""
    return make_snapshot


@pytest.fixture(scope="session")
def snapshot_tables():
    """One snapshot."""
    return make_snapshot()


@pytest.fixture(scope="session")
def findings():
    """Two findings, one with money."""
    return some_findings()


@pytest.fixture(scope="session")
def arrow():
    """Give what makes typed rows a snapshot."""
    return as_arrow


@pytest.fixture(scope="session")
def pages():
    """The page of one snapshot against an older one, in both languages."""
    now, before = make_snapshot(1), make_snapshot(2, 500)
    return {
        language: render_report(
            now, some_findings(), Edition("店", language, "CNY", "r2", "r1"), against=before
        )
        for language in ("en", "zh")
    }
