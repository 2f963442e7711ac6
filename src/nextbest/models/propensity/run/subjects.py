"""What is predicted: the products, categories or rules' heads that the settings name, else what most customers buy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Final

import pyarrow.compute as pc

from nextbest.base.errors import DataError, SettingsError
from nextbest.models.propensity import query
from nextbest.models.propensity.core.results import Kind
from nextbest.models.propensity.core.windows import Calendar
from nextbest.models.propensity.run.past import Past
from nextbest.models.propensity.spec import PropensitySettings

_BOUGHT_BY_NEARLY_EVERYBODY: Final = 0.8
"""Share of customers who bought within one outcome: there is nothing left to find."""
_BETWEEN: Final = " + "
_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing whose buyers are predicted."""

    kind: Kind
    target: str
    """Id of the product, category or department."""
    products: tuple[str, ...]
    """Products that count as it."""
    group: str | None = None
    """Id of the group of products that it is, or is in."""
    is_replenishable: bool | None = None
    """Bought when used up; ``None``: nobody said."""
    rule_id: str | None = None
    body: tuple[tuple[str, ...], ...] = field(default=())
    """Products of each thing that the rule's audience has."""

    @property
    def name(self) -> str:
        """What the model is called: what it predicts, or its rule."""
        return self.rule_id or self.target


def subjects_of(past: Past, cut: Calendar, settings: PropensitySettings) -> list[Subject]:
    """Find what the settings name.

    Raises
    ------
    SettingsError
        Nothing is called so, or several things are.
    """
    named = [_named(past, name) for name in settings.product] + [_ruled(past, name) for name in settings.rule]
    if named or settings.product or settings.rule:
        return list({(one.kind, one.name): one for one in named}.values())
    return list(_most_bought(past, cut, settings.most_products))


def _named(past: Past, name: str) -> Subject:
    found = list(_called(past, name))
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            "propensity.product_ambiguous",
            product=name,
            n=len(found),
            choices=[one.target for one in found[:_MOST_SHOWN]],
        )
    products = past.products
    known = {
        text
        for column in ("category", "name", "product_id")
        for text in pc.unique(products[column]).drop_null().to_pylist()
    } | set(past.groups.ids)
    by_fold = {text.casefold(): text for text in sorted(known)}
    close = [by_fold[text] for text in get_close_matches(name.casefold(), by_fold, _MOST_SHOWN, cutoff=0.5)]
    raise SettingsError(
        "propensity.product_unknown", product=name, choices=close or sorted(past.groups.ids)[:_MOST_SHOWN]
    )


def _called(past: Past, name: str) -> Iterator[Subject]:
    """Look for an id of a product, then a category, then a product's name, then any of them in other letters."""
    products = past.products
    ids = products["product_id"]
    if pc.any(pc.equal(ids, name)).as_py() or _is_sold(past, name):
        yield _product(past, name)
        return
    for same in (lambda column: column, pc.utf8_lower):
        wanted = name if same is not pc.utf8_lower else name.lower()
        categories = pc.unique(products["category"].filter(pc.equal(same(products["category"]), wanted)))
        if len(categories):
            yield from (_group(past, "category", category) for category in categories.to_pylist())
            return
        named = ids.filter(pc.equal(same(products["name"]), wanted)).to_pylist()
        if named:
            yield from (_product(past, product) for product in named)
            return


def _is_sold(past: Past, product: str) -> bool:
    sold = past.purchases.filter(past.purchases.product_id == product).limit(1)
    return bool(past.store.arrow(sold.select("product_id")).num_rows)


def _product(past: Past, product: str) -> Subject:
    rows = past.products.filter(pc.equal(past.products["product_id"], product)).to_pylist()
    row = rows[0] if rows else {"category": None, "is_replenishable": None}
    return Subject("product", product, (product,), row["category"], row["is_replenishable"])


def _group(past: Past, level: str, name: str) -> Subject:
    own = past.products.filter(pc.equal(past.products[level], name))
    said = own["is_replenishable"].drop_null().to_pylist()
    again = 2 * sum(said) >= len(said) if said else None
    group = name if level == "category" else None
    return Subject("category", name, tuple(own["product_id"].to_pylist()), group, again)


def _thing(past: Past, level: str, name: str) -> Subject:
    return _product(past, name) if level == "product" else _group(past, level, name)


def _ruled(past: Past, name: str) -> Subject:
    """Read a rule: its head is predicted for those who have its body."""
    if not past.store.has("rules", "rule_id"):
        raise DataError("propensity.no_rules", rule=name)
    rules = past.store.table("rules")
    found = past.store.arrow(
        rules.filter(rules.rule_id.startswith(name)).select("rule_id", "level", "body_ids", "head_id")
    ).to_pylist()
    if len(found) != 1:
        raise SettingsError("propensity.rule_not_one", rule=name, n=len(found))
    (rule,) = found
    head = _thing(past, rule["level"], rule["head_id"])
    body = tuple(_thing(past, rule["level"], one).products for one in rule["body_ids"].split(_BETWEEN))
    return Subject(
        "rule", head.target, head.products, head.group, head.is_replenishable, rule["rule_id"], body
    )


def _most_bought(past: Past, cut: Calendar, most: int) -> Iterator[Subject]:
    """Take the categories, else the products, that most customers bought; what nearly everybody buys tells nothing."""
    days = (cut.application.outcome_until - cut.application.outcome_from).days + 1
    level = "category" if past.products["category"].null_count < past.products.num_rows else "product"
    products = past.store.memtable(past.products.select(["product_id", "category"]))
    start = past.as_of - timedelta(days=days)
    rows = past.store.arrow(query.buyers_of(past.purchases, products, level, start))
    n_active = past.store.arrow(query.active_since(past.purchases, start))["n"].to_pylist()[0]
    enough = [row for row in rows.to_pylist() if row["n_since"] <= _BOUGHT_BY_NEARLY_EVERYBODY * n_active]
    ranked = sorted(enough, key=lambda row: (-row["n_ever"], row["id"]))
    return (_thing(past, level, row["id"]) for row in ranked[:most])
