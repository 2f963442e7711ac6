"""The page: what was computed and drawn, put into the templates, with its style and script inside."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

import jinja2

from nextbest.advice.report.core.paint import tokens
from nextbest.advice.report.words import propensity
from nextbest.advice.report.words.definitions import TERMS
from nextbest.advice.report.words.reader import Reader

_SECTIONS: Final = (
    "findings",
    "changes",
    "customers",
    "together",
    "next",
    "audiences",
    "offers",
    "propensity",
    "campaign",
    "profit",
    "quality",
    "left_out",
    "definitions",
)
_OPTIONAL: Final[Mapping[str, str]] = {
    "changes": "changes",
    "offers": "has_offers",
    "propensity": "models",
    "campaign": "campaigns",
    "profit": "profit",
}
"""Sections that are there only if this is."""


def write_page(reader: Reader, shown: Mapping[str, Any]) -> str:
    """Fill the templates; sections of which nothing is known are left out."""
    script = _asset("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    sections = [name for name in _SECTIONS if name not in _OPTIONAL or shown[_OPTIONAL[name]]]
    used = dict.fromkeys(term for name in sections for term in TERMS.get(name, ()))
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            **shown,
            r=reader,
            t=reader.say,
            edition=reader.edition,
            sections=sections,
            section_terms=TERMS,
            definitions=list(used),
            candidate=functools.partial(propensity.candidate, reader),
            because=functools.partial(propensity.because, reader),
            factor_name=functools.partial(propensity.factor, reader),
            names=functools.partial(propensity.factors, reader),
            direction=functools.partial(propensity.direction, reader),
            style=tokens() + _asset("style.css"),
            script=script,
            script_digest=digest,
        )
    )


def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("nextbest.advice.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (resources.files("nextbest.advice.report") / name).read_text("utf-8")
