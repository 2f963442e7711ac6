"""Propensity: who will buy it, in what order, how sure that is, and why."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from nextbest.base.capability import Capability
from nextbest.base.contract import Column, Table
from nextbest.base.settings import NamedSettings

CandidateName = Literal[
    "logistic", "tree", "neural_network", "rbf_network", "small_trees", "trees", "catboost"
]
CANDIDATES: Final[tuple[CandidateName, ...]] = (
    "logistic",
    "tree",
    "neural_network",
    "rbf_network",
    "small_trees",
    "trees",
    "catboost",
)
"""Simplest first: of two that do equally well the simpler is chosen. The last three, sums of many trees, count as equally
simple: among them the probabilities alone decide."""


def _several(typed: Any) -> Any:
    """Let ``a, b`` stand for a list."""
    return (
        tuple(part.strip() for part in typed.split(",") if part.strip()) if isinstance(typed, str) else typed
    )


def _written(typed: Any) -> Any:
    """Let 1 or true stand for what a file writes."""
    return str(typed) if isinstance(typed, bool | int | float) else typed


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class PropensitySettings(NamedSettings):
    """What is predicted, from what, and how it is judged; ``[propensity.mortgage]`` holds one of several."""

    target: str | None = None
    """Column of ``customers`` to predict, where there is one row per customer and a yes/no column."""
    positive: Annotated[str | None, BeforeValidator(_written)] = None
    """Value of ``target`` that counts as yes; needed where it has more than two values."""
    apply: str | None = None
    """File of customers to score, with the columns of ``customers`` less the target. Without it the customers themselves are scored, each by models that did not see them."""
    exclude: Names = ()
    """Columns left out."""
    allow: Names = ()
    """Columns that look like leaks and are allowed all the same."""
    product: Names = ()
    """Products or categories to predict from history, by id or name; empty: the ones bought by most customers, ``most_products`` of them."""
    rule: Names = ()
    """Rules, by id or its beginning: their head is predicted, on their audience only."""
    most_products: Annotated[int, Field(ge=0, le=1000)] = 10
    """Categories that are modelled where neither ``target``, ``product`` nor ``rule`` is set; 0: none."""
    outcome_days: Annotated[int, Field(ge=1)] = 28
    """History: a customer counts as buyer who buys within this many days."""
    gap_days: Annotated[int, Field(ge=0)] = 0
    """History: days between the last day that is seen and the first that counts, such as the time a campaign needs."""
    origins: Annotated[int, Field(ge=2, le=24)] = 4
    """History: days on which the past is cut; the last is the test."""
    sampling: Literal["windows", "random"] = "windows"
    """History: ``windows`` tests on the newest origin, ``random`` on customers drawn by chance from all origins."""
    label: Literal["bought", "profit_rose"] = "bought"
    """History: who counts as yes: every buyer, or only those whose own profit rose after it (``customer_profit``)."""
    include_owners: bool = False
    """History: also score customers who have the product already; by default they are left out, unless the product is bought again and again."""
    candidates: Annotated[tuple[CandidateName, ...], BeforeValidator(_several), Field(min_length=1)] = (
        CANDIDATES
    )
    """Models tried: logistic, tree, neural_network, rbf_network, small_trees, trees, catboost (where it is installed)."""
    folds: Annotated[int, Field(ge=2, le=50)] = 10
    """Parts of the cross-validation."""
    leak_auc: Annotated[float, Field(gt=0.5, le=1)] = 0.95
    """A column that alone separates the target by more than this AUC is taken for a leak and left out."""


_MODEL: Final = (
    Column(
        "model_id", "string", "name of the model: name of the settings, and what is predicted", required=True
    ),
    Column("target", "string", "what is predicted: column, or id of product or category", required=True),
)

PROPENSITY_SCORES: Final = Table(
    "propensity_scores",
    "one row per model and customer, in the order of the file that was scored",
    ("model_id", "row"),
    (
        *_MODEL,
        Column("customer_id", "string", "key of the customer", required=True),
        Column("propensity", "float64", "calibrated probability of yes, 0-1", required=True),
        Column(
            "rank", "int64", "place among the model's customers, 1 first; ties by customer_id", required=True
        ),
        Column("decile", "int64", "1 (highest) to 10", required=True),
        Column(
            "reasons",
            "string",
            "up to three factors that raise and one that lowers it, in English; where a run scores more than 10,000 rows, for the first 5,000 only (of many models each has its share, at least 100)",
            required=True,
        ),
        Column(
            "because",
            "string",
            "the same as JSON, for any language: factor, value, saying, and what it adds to the log-odds",
            required=True,
        ),
        Column("row", "int64", "place in the file that was scored, 1 first", required=True),
    ),
)

SAYINGS: Final = (
    "is",
    "missing",
    "highest",
    "higher",
    "lower",
    "lowest",
    "earliest",
    "earlier",
    "later",
    "latest",
)
"""How a value compares with others'; ``propensity.reason.<saying>`` holds the words."""


class Reason(NamedTuple):
    """One factor of one customer; column ``because`` holds a list of them."""

    factor: str
    value: str | float | None
    saying: str
    """One of :data:`SAYINGS`."""
    adds: float
    """To the log-odds; below 0: it lowers."""


PROPENSITY_MODELS: Final = Table(
    "propensity_models",
    "one row per model and candidate",
    ("model_id", "model"),
    (
        *_MODEL,
        Column("model", "string", "candidate, or baseline (history: bought it before)", required=True),
        Column("is_chosen", "boolean", "the scores come from it", required=True),
        Column("cv_auc", "float64", "area under the ROC curve, out of fold; history: on the test window"),
        Column("cv_log_loss", "float64", "logarithmic loss in nats, out of fold"),
        Column(
            "cv_top_decile_lift", "float64", "share of yes among the first tenth over the share among all"
        ),
        Column("cv_top20_share", "float64", "share of all yes among the first fifth, 0-1"),
        Column(
            "ordered_auc",
            "float64",
            "AUC by folds in the order of the file; far below cv_auc: the data drift",
        ),
        Column(
            "calibration_error", "float64", "mean distance of predicted and observed share over ten bins, 0-1"
        ),
        Column("fit_seconds", "float64", "processor time of one fit, seconds"),
        Column("kind", "string", "flat, product, category or rule", required=True),
        Column("n", "int64", "customers it was judged on", required=True),
        Column("n_positive", "int64", "yes among them", required=True),
        Column("cv_auc_low", "float64", "95 % interval of cv_auc, lower end"),
        Column("cv_auc_high", "float64", "upper end"),
    ),
)

PROPENSITY_LIFT: Final = Table(
    "propensity_lift",
    "one row per model, candidate and depth",
    ("model_id", "model", "depth"),
    (
        *_MODEL,
        Column("model", "string", "candidate or baseline", required=True),
        Column("depth", "float64", "share of customers taken from the top, 0-1", required=True),
        Column("n", "int64", "customers among them", required=True),
        Column("n_positive", "int64", "yes among them", required=True),
        Column(
            "gain_lift", "float64", "gain / depth: how many times as many yes as by chance", required=True
        ),
        Column("gain", "float64", "share of all yes among them, 0-1", required=True),
        Column("ci_low", "float64", "95 % bootstrap interval of gain, lower end", required=True),
        Column("ci_high", "float64", "upper end", required=True),
    ),
)

PROPENSITY_CALIBRATION: Final = Table(
    "propensity_calibration",
    "one row per model and tenth of its customers, by the chosen candidate",
    ("model_id", "bin"),
    (
        *_MODEL,
        Column("bin", "int64", "1 (lowest) to 10", required=True),
        Column("n", "int64", "customers", required=True),
        Column("predicted", "float64", "mean probability, 0-1", required=True),
        Column("observed", "float64", "share of yes, 0-1", required=True),
        Column("ci_low", "float64", "95 % Wilson interval of observed, lower end", required=True),
        Column("ci_high", "float64", "upper end", required=True),
    ),
)

PROPENSITY_FACTORS: Final = Table(
    "propensity_factors",
    "one row per model and column",
    ("model_id", "factor"),
    (
        *_MODEL,
        Column("factor", "string", "column", required=True),
        Column(
            "strength",
            "float64",
            "share of the mean distance between yes and no in log-odds, 0-1; null: left out",
        ),
        Column(
            "direction",
            "string",
            "higher, lower (dates: later, earlier), mixed, or the value that raises it most",
        ),
        Column("is_leak", "boolean", "alone separates the target: left out until allowed", required=True),
        Column(
            "is_suspect",
            "boolean",
            "carries over half of the gain, or with others nearly all of a model that is nearly perfect: was it known before the offer?",
            required=True,
        ),
        Column("auc", "float64", "AUC of the column alone, 0.5-1"),
        Column("kind", "string", "number, category, date, constant, id, text or empty", required=True),
        Column(
            "left_out", "string", "why it is not used: leak, constant, id, text, empty, excluded; null: used"
        ),
        Column(
            "psi", "float64", "population stability index, training against application; over 0.25: drifted"
        ),
    ),
)

PROPENSITY_WINDOWS: Final = Table(
    "propensity_windows",
    "one row per model and origin",
    ("model_id", "origin_on", "part"),
    (
        *_MODEL,
        Column(
            "origin_on", "date", "day on which the past is cut: nothing on or after it is seen", required=True
        ),
        Column("part", "string", "training, test or application", required=True),
        Column("outcome_from", "date", "first day that counts"),
        Column("outcome_until", "date", "last day that counts"),
        Column("n", "int64", "customers", required=True),
        Column("n_positive", "int64", "yes among them; null: not known yet"),
        Column("n_owners_left_out", "int64", "customers left out because they have it", required=True),
    ),
)

CARD: Final = Capability(
    name="propensity",
    question="Who will buy it, in what order, and where does the list stop paying?",
    recipe="nextbest.models.propensity.run:run",
    settings=PropensitySettings,
    writes=(
        PROPENSITY_SCORES,
        PROPENSITY_MODELS,
        PROPENSITY_LIFT,
        PROPENSITY_CALIBRATION,
        PROPENSITY_FACTORS,
        PROPENSITY_WINDOWS,
    ),
    requires=("order_lines.customer_id | holdings.customer_id | customers.customer_id",),
    uses=(
        "customers",
        "customers_to_score",
        "order_lines",
        "holdings",
        "events",
        "interactions",
        "products",
        "customer_profit",
    ),
    uses_when=(("rules", "rule"), ("audiences", "rule")),
)
