"""Rows typed for the sections on offers, models, campaigns and profit."""

import json
from datetime import date


def an_offer(kind, place, customer_id, product, reason_code, **given):
    """Type one offer as its digest holds it."""
    said = dict.fromkeys(("product", "because", "n_orders", "since_days", "gap_days", "strength", "segment"))
    said |= {"product": product} | given
    return {
        "kind": kind, "place": place, "customer_id": customer_id, "product_id": f"p-{product}", "probability": 0.4,
        "expected_profit": 1.25 / (place + 1), "incremental_profit": None, "margin_source": "assumed",
        "model_id": "recommend", "reason_code": reason_code, "placeholders": json.dumps(said),
    }  # fmt: skip


def offer_tables():
    """What is offered to whom: lists judged, offers of three kinds, a step up, what was ruled out."""
    tried = [
        {"method": method, "uses": uses, "is_baseline": method in {"popularity", "personal_frequency"},
         "is_chosen": method == "nextbest", "list": kind, "k": k, "recall": recall, "recall_se": 0.008, "ndcg": recall,
         "hit_rate": 2 * recall, "n_customers": 480}
        for kind, best in (("repeat", 0.36), ("discover", 0.08))
        for k in (10, 20)
        for method, uses, recall in (
            ("nextbest", "blend", best), ("blend", "blend", best), ("personal_frequency",) * 2 + (best - 0.03,),
            ("popularity",) * 2 + (best - 0.03 if kind == "discover" else best - 0.1,),
        )
    ]  # fmt: skip
    kinds = [
        {"kind": kind, "n_offers": n, "n_customers": n // 2, "probability": p, "expected_profit": 0.4,
         "incremental_profit": None, "margin_source": "assumed", "n_tested": 0}
        for kind, n, p in (("replenish", 900, 0.3), ("cross_sell", 500, 0.01), ("up_sell", 60, 0.03))
    ]  # fmt: skip
    examples = [
        an_offer("replenish", 0, "ann", "Oat milk", "rhythm", n_orders=43, since_days=9.0, gap_days=8.2),
        an_offer("replenish", 1, "ann", "Rye bread", "rhythm", n_orders=9, since_days=9.0, gap_days=8.2),
        an_offer("cross_sell", 0, "bob", "Paper filters", "rule", because="Ground coffee", strength=3.1),
        an_offer("up_sell", 0, "cid", "Single origin", "next_band", because="House blend", strength=0.42),
    ]
    step = {
        "place": 0, "n_steps": 40, "source": "next_band", "product_id": "p-House blend", "upgrade_id": "Single origin",
        "price": 4.5, "upgrade_price": 6.0, "n_buyers": 740, "n_stepped": 379, "n_back": 220, "share_stepped": 0.512,
        "ci_low": 0.476, "ci_high": 0.548, "expected_stepped": 337.0, "days_to_step": 68.0,
    }  # fmt: skip
    ruled_out = (("has_alike", 2785, 410), ("just_bought", 569, 146), ("beyond_limit", 3438, 238))
    return {
        "recommend_evaluation": tried,
        "offer_kinds": kinds,
        "offer_examples": examples,
        "offer_reach": [{"n_candidates": 4814, "n_offered": 1460, "n_customers": 500, "n_served": 497}],
        "offer_unserved": [{"reason": "has_alike", "n_customers": 3}],
        "offer_exclusions": [{"reason": r, "n_candidates": n, "n_customers": m} for r, n, m in ruled_out],
        "ladder_steps": [step],
    }


def profit_tables(*, is_calibrated=True):
    """What followed first purchases: one clear, one not; leaving by products held; paying back."""
    head = {
        "level": "category", "n_buyers": 192, "n_matched": 187, "profit_before": 144.9, "profit_after": 164.1,
        "control_before": 143.0, "control_after": 147.6, "difference": 14.57, "ci_low": 4.1, "ci_high": 25.1,
        "placebo_p_value": 0.001, "q_value": 0.02, "verdict": "more", "margin_source": "assumed",
    }  # fmt: skip
    unclear = {"difference": -3.0, "ci_low": -14.0, "ci_high": 8.0, "q_value": 0.7, "verdict": "no_evidence"}
    return {
        "head_profit": [
            head | {"head_id": "wine", "head": "Red wine"},
            head | {"head_id": "jam", "head": "Strawberry jam"} | unclear,
        ],
        "placebo_check": [
            {"n_placebos": 300, "n_rejected": 9, "share_rejected": 0.03, "share_low": 0.016, "share_high": 0.056,
             "z_mean": 0.1, "z_sd": 0.9, "is_calibrated": is_calibrated, "n_order_days": 60_000}
        ],
        "products_held": [
            {"n_products_held": n, "counted": "categories", "n_customers": 100 * n, "n_left": 40, "share_left": 0.4 / n,
             "share_low": 0.3 / n, "share_high": 0.5 / n}
            for n in (1, 2, 3)
        ],
        "payback": [
            {"month": m, "n_customers": 210 - 10 * m, "margin_mean": 20.0 * m, "margin_low": 16.0 * m,
             "margin_high": 24.0 * m, "acquisition_cost": 50.0, "is_paid_back": m >= 3, "margin_source": "given"}
            for m in (1, 2, 3, 4)
        ],
    }  # fmt: skip


def a_model(model_id, *, skill=4.0, auc=0.83, kind="category"):
    """Type one model: gain 1 - (1 - depth) ** skill, its baseline half as skilled."""
    names = {"model_id": model_id, "target": model_id}
    tried = [
        {"model": model, "is_chosen": model == "small_trees", "cv_auc": auc - loss, "cv_log_loss": 0.3 + loss,
         "cv_top_decile_lift": 3.4, "cv_top20_share": 0.59, "ordered_auc": auc - 0.06, "calibration_error": 0.008,
         "fit_seconds": 0.42, "kind": kind, "n": 2000, "n_positive": 240, "cv_auc_low": auc - 0.03, "cv_auc_high": auc + 0.03}
        for model, loss in (("logistic", 0.02), ("small_trees", 0.0), ("baseline", 0.1))
    ]  # fmt: skip
    depths = [round(0.05 * i, 2) for i in range(1, 21)]
    lift = [
        {"model": model, "depth": d, "n": round(2000 * d), "n_positive": round(240 * gain), "gain_lift": gain / d,
         "gain": gain, "ci_low": max(gain - 0.05, 0), "ci_high": min(gain + 0.05, 1)}
        for model, power in (("small_trees", skill), ("baseline", 1 + (skill - 1) / 2))
        for d in depths
        for gain in [1 - (1 - d) ** power]
    ]  # fmt: skip
    calibration = [
        {"bin": b, "n": 200, "predicted": 0.004 * b**2, "observed": 0.0042 * b**2, "ci_low": 0.003 * b**2,
         "ci_high": 0.0055 * b**2}
        for b in range(1, 11)
    ]  # fmt: skip
    factors = [
        {"factor": factor, "strength": strength, "direction": direction, "is_leak": strength is None,
         "is_suspect": (strength or 0) > 0.5, "auc": 0.7 if strength else 0.99, "kind": "number",
         "left_out": None if strength else "leak", "psi": psi}
        for factor, strength, direction, psi in (
            ("days_since_last_order", 0.55, "lower", 0.02), ("n_orders", 0.3, "higher", 0.31), ("place", 0.15, "Leeds", 0.0),
            ("refund_reason", None, None, None),
        )
    ]  # fmt: skip
    because = [
        {"factor": "n_orders", "value": 31, "saying": "highest", "adds": 1.2},
        {"factor": "place", "value": "York", "saying": "is", "adds": -0.4},
    ]
    windows = [
        {"origin_on": on, "part": part, "outcome_from": on, "outcome_until": date(2024, 6, 30), "n": 2000,
         "n_positive": 240, "n_owners_left_out": 12}
        for on, part in ((date(2024, 3, 1), "training"), (date(2024, 5, 1), "test"))
    ]  # fmt: skip
    first = [
        {"customer_id": f"c{i:05}", "propensity": 0.6 - 0.01 * i, "rank": i, "because": json.dumps(because)}
        for i in range(1, 11)
    ]
    tables = {
        "propensity_models": tried, "propensity_lift": lift, "propensity_calibration": calibration,
        "propensity_factors": factors, "propensity_windows": windows, "first_scores": first,
        "scored_customers": [{"n_customers": 2400, "propensity": 0.11}],
    }  # fmt: skip
    return {name: [names | row for row in rows] for name, rows in tables.items()}


def model_tables(*models):
    """Put models into one snapshot."""
    return {name: [row for model in models for row in model[name]] for name in models[0]}


def campaign_tables(*, tested=None):
    """A campaign on two channels; without a tested share, three are assumed."""
    money = {
        "expected_profit": 900.0, "incremental_profit": 120.0 if tested else None, "incremental_profit_05": -20.0,
        "incremental_profit_10": 45.0, "incremental_profit_20": 160.0, "margin_source": "assumed",
    }  # fmt: skip
    plan = [
        {"campaign_id": "spring", "budget_level": 1.0, "offer_id": f"cross_sell:{p}", "product_id": p, "product": p,
         "channel": channel, "n": n, "n_control": n // 10, "probability": 0.12, "cost": 0.05 * n} | money
        for p, channel, n in (("Red wine", "email", 800), ("Pasta", "sms", 300))
    ]  # fmt: skip
    budgets = [
        {"campaign_id": "spring", "budget_level": level, "budget": 60.0 * level, "n": round(1100 * level), "n_control": 110,
         "cost": 55.0 * level, "control_share": 0.1, "purchase_rate": 0.12, "power": 0.6, "smallest_share": 0.34} | money
        for level in (0.5, 1.0, 2.0)
    ]  # fmt: skip
    curve = [
        {"campaign_id": "spring", "incremental_share": share, "is_tested": bool(tested), "depth": d, "n": round(1100 * d),
         "n_purchases": 130 * d, "cost": 55 * d, "expected_profit": 900 * d, "incremental_profit": gain,
         "ci_low": gain - 30 * d, "ci_high": gain + 30 * d, "break_even_rate": 0.05 / share, "is_best": best if tested else None,
         "margin_source": "assumed"}
        for share in ([tested] if tested else [0.05, 0.1, 0.2])
        for d in [round(0.05 * i, 2) for i in range(1, 21)]
        for gain, best in [(900 * share * d**0.6 - 55 * d, d == 0.5)]
    ]  # fmt: skip
    return {
        "campaign_plan": plan,
        "campaign_budgets": budgets,
        "profit_curve": curve,
        "campaign_exclusions": [{"campaign_id": "spring", "reason": "no_contact", "n_customers": 41}],
        "campaign_consents": [
            {"campaign_id": "spring", "group": "treatment", "consent": "assumed", "n_customers": 1100}
        ],
    }
