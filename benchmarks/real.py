"""Real baskets as codes: the Complete Journey at two levels, and Groceries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.data import complete_journey, shared


def journey_baskets(level: str) -> dict[str, NDArray[Any]]:
    """Code the baskets of the Complete Journey, numbered by customer, day and key.

    Parameters
    ----------
    level
        ``product_id`` or ``product_category``.

    Returns
    -------
    dict
        ``basket`` and ``item`` of each distinct row, ``customer`` and ``day`` of each basket; all int32.
    """
    lines = pd.read_parquet(
        complete_journey("transactions"),
        columns=["household_id", "basket_id", "product_id", "transaction_timestamp"],
    )
    if level != "product_id":
        groups = pd.read_parquet(complete_journey("products"), columns=["product_id", level])
        lines = lines.merge(groups, on="product_id", how="left").dropna(subset=[level])
    lines["day"] = lines["transaction_timestamp"].dt.tz_localize(None).dt.floor("D")
    lines["day"] = (lines["day"] - pd.Timestamp("1970-01-01")).dt.days
    baskets = lines.groupby("basket_id").agg(customer=("household_id", "min"), day=("day", "min"))
    baskets = baskets.reset_index().sort_values(["customer", "day", "basket_id"], ignore_index=True)
    code = pd.Series(np.arange(len(baskets), dtype=np.int32), index=baskets["basket_id"])
    items = pd.Categorical(lines[level])
    rows = pd.DataFrame(
        {"basket": lines["basket_id"].map(code).to_numpy(), "item": items.codes}
    ).drop_duplicates()
    return {
        "basket": rows["basket"].to_numpy(np.int32),
        "item": rows["item"].to_numpy(np.int32),
        "customer": pd.factorize(baskets["customer"], sort=True)[0].astype(np.int32),
        "day": baskets["day"].to_numpy(np.int32),
    }


def groceries() -> dict[str, NDArray[Any]]:
    """Code the 9,835 baskets of Groceries (Hahsler, Hornik, Reutterer 2006)."""
    folder = shared("groceries_arules")
    if folder is None:
        raise SystemExit(
            "Groceries is not here: set NEXTBEST_DATA to the folder that holds groceries_arules."
        )
    lines = pd.read_parquet(folder / "baskets.parquet").drop_duplicates()
    return {
        "basket": pd.factorize(lines["basket"], sort=True)[0].astype(np.int32),
        "item": pd.factorize(lines["item"], sort=True)[0].astype(np.int32),
    }
