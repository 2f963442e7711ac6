import re
from pathlib import Path

from nextbest.serving.decide import COLUMNS, compile_policy
from nextbest.serving.decide.spec import STAGES
from nextbest.serving.policy import SOURCES, check, read

PAGE = (Path(__file__).parents[3] / "docs" / "decide.md").read_text(encoding="utf-8")


def test_the_policy_on_the_page_is_sound():
    policy = read(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1])
    assert check(policy, COLUMNS) == []
    assert compile_policy(policy).rules[0].name == "adults only"


def test_every_stage_and_source_is_on_the_page():
    for name in (*STAGES[:-1], *SOURCES):
        assert f"`{name}`" in PAGE, name
