"""schemathesis asks everything that the OpenAPI document allows, and much that it forbids, of a running service."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "openapi.json"
COMMAND = Path(sys.executable).with_name("schemathesis")


def test_no_request_is_answered_otherwise_than_the_document_says(make_shop, serving, tmp_path):
    shop = make_shop(tmp_path / "shop")
    options = ["--header", f"Authorization: Bearer {shop.server_key}", "--seed", "1", "--max-examples", "8"]
    options += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--warnings", "off"]
    with serving(shop, "--rate", "100000") as served:
        asked = subprocess.run(
            [
                COMMAND,
                "--config-file",
                HERE / "schemathesis.toml",
                "run",
                DOCUMENT,
                "--url",
                served.url,
                *options,
            ],
            cwd=tmp_path,
            env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "ndjson.py")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr[-2_000:]
