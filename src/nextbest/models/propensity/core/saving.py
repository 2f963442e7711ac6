"""Models on disk: one JSON document of numbers and the libraries' own texts, never pickle."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

import numpy as np

from nextbest.base.errors import DataError
from nextbest.models.propensity.core.calibrating import Calibration
from nextbest.models.propensity.core.columns import Column, Encoder
from nextbest.models.propensity.core.model import Model
from nextbest.models.propensity.core.predictors import (
    Boosted,
    CatBoosted,
    Linear,
    Network,
    Predictor,
    Radial,
    Tree,
)

FORMAT: Final = 1
"""Version of the document; a newer one is refused."""
_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind for kind in (Linear, Tree, Network, Radial, Boosted, CatBoosted)
}
_DTYPES: Final = frozenset({"float64", "int64", "bool"})


def to_bytes(model: Model, about: Mapping[str, Any]) -> bytes:
    """Write a model down.

    Parameters
    ----------
    model
        The model.
    about
        Anything worth keeping beside it that JSON can hold: what is predicted, version, seed, lift.
    """
    document = {
        "format": FORMAT,
        "about": about,
        "candidate": model.candidate,
        "calibration": asdict(model.calibration),
        "columns": [asdict(column) for column in model.encoder.columns],
        "predictor": {"kind": type(model.predictor).__name__}
        | {field.name: _plain(getattr(model.predictor, field.name)) for field in fields(model.predictor)},  # type: ignore[arg-type]
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def from_bytes(content: bytes, where: str) -> tuple[Model, dict[str, Any]]:
    """Read what :func:`to_bytes` wrote.

    Parameters
    ----------
    content
        The document.
    where
        What an error names, such as the file.

    Raises
    ------
    DataError
        This is no model, or it was written by a newer version.
    """
    try:
        document = json.loads(content)
        version = document["format"]
    except (ValueError, KeyError, TypeError):
        raise DataError("propensity.no_model", where=where) from None
    if not isinstance(version, int) or version > FORMAT:
        raise DataError("propensity.newer_model", where=where, got=str(version), known=FORMAT)
    try:
        return _model(document), dict(document["about"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise DataError("propensity.no_model", where=where) from None


def _model(document: Mapping[str, Any]) -> Model:
    columns = tuple(
        Column(**{**column, "levels": tuple(column["levels"]), "edges": tuple(column["edges"])})
        for column in document["columns"]
    )
    given = dict(document["predictor"])
    kind = _KINDS[given.pop("kind")]
    predictor: Predictor = kind(**{name: _rich(value) for name, value in given.items()})
    return Model(document["candidate"], Encoder(columns), predictor, Calibration(**document["calibration"]))


def _plain(value: Any) -> Any:
    """Turn arrays and bytes into what JSON can hold."""
    if isinstance(value, np.ndarray):
        return {
            "dtype": value.dtype.name,
            "shape": value.shape,
            "data": _coded(np.ascontiguousarray(value).tobytes()),
        }
    if isinstance(value, bytes):
        return {"bytes": _coded(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def _coded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _rich(value: Any) -> Any:
    """Undo :func:`_plain`."""
    if isinstance(value, list):
        return tuple(_rich(part) for part in value)
    if not isinstance(value, dict):
        return value
    if "bytes" in value:
        return base64.b64decode(value["bytes"], validate=True)
    if value["dtype"] not in _DTYPES:
        raise ValueError(value["dtype"])
    raw = base64.b64decode(value["data"], validate=True)
    return np.frombuffer(raw, dtype=value["dtype"]).reshape(value["shape"]).copy()
