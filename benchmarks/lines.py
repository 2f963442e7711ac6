"""Order lines as a workspace keeps them: the Complete Journey, once or many times with shifted ids."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.data import complete_journey

_N_HOUSEHOLDS = 2_469

_LINES = """
    COPY (
        WITH households AS (
            SELECT household_id, row_number() OVER (ORDER BY household_id) AS place
            FROM (SELECT DISTINCT household_id FROM read_parquet($lines))
        ),
        copies AS (
            SELECT copy, CASE WHEN copy < floor($copies) THEN $n ELSE ($copies - floor($copies)) * $n END AS places
            FROM (SELECT unnest(generate_series(0, CAST(ceil($copies) AS INTEGER) - 1)) AS copy)
        )
        SELECT
            copy || '-' || lines.basket_id || '-' || lines.product_id AS line_id,
            CAST(lines.basket_id + copy * 100000000000 AS VARCHAR) AS order_id,
            CAST(lines.household_id + copy * 10000 AS VARCHAR) AS customer_id,
            CAST(lines.product_id AS VARCHAR) AS product_id,
            CAST(lines.transaction_timestamp AS TIMESTAMP) AS ordered_at,
            CAST(lines.transaction_timestamp AS DATE) AS ordered_on,
            CAST(lines.quantity AS DOUBLE) AS quantity,
            CAST(lines.sales_value AS DECIMAL(18, 4)) AS net_revenue,
            CAST(lines.retail_disc AS DECIMAL(18, 4)) AS discount,
            CAST(lines.store_id AS VARCHAR) AS store_id,
            false AS is_return,
            CAST(NULL AS DATE) AS cancelled_on,
            true AS is_product
        FROM copies CROSS JOIN read_parquet($lines) AS lines JOIN households USING (household_id)
        WHERE place <= places
    ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""

_PRODUCTS = """
    COPY (
        SELECT CAST(product_id AS VARCHAR) AS product_id, product_type AS name, product_category AS category, department
        FROM read_parquet($products)
    ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""


def write(folder: Path, *, copies: float) -> None:
    """Write ``order_lines.parquet`` and ``products.parquet`` in the columns and types of the contracts.

    Parameters
    ----------
    folder
        Where they land.
    copies
        How often every household is there; of the last, unfinished copy the first households by key.
    """
    engine = duckdb.connect(config={"threads": 2, "memory_limit": "3GB"})
    engine.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    given = {"lines": str(complete_journey("transactions")), "copies": copies, "n": _N_HOUSEHOLDS}
    engine.execute(_LINES.format(file=folder / "order_lines.parquet"), given)
    products = {"products": str(complete_journey("products"))}
    engine.execute(_PRODUCTS.format(file=folder / "products.parquet"), products)
