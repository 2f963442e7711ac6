"""Write docs/openapi.json from the routes: ``python -m tools.openapi``."""

from __future__ import annotations

import json
from pathlib import Path

from nextbest.web.api.describing import document
from nextbest.web.api.server import routes

if __name__ == "__main__":
    text = json.dumps(document(routes()), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (Path(__file__).parent.parent / "docs" / "openapi.json").write_text(text, encoding="utf-8")
