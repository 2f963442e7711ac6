import pytest

from nextbest.decisions.campaigns.run.sending import _unnamed


@pytest.mark.parametrize(
    ("template", "language", "words"),
    [
        ("Hi {name}, {product} is back", "en", "Hi, {product} is back"),
        ("{name}, look: {product}", "en", "Look: {product}"),
        ("{product} for you, {name}!", "en", "{product} for you!"),
        ("尊敬的{name}：{product}到货了", "zh", "尊敬的顾客：{product}到货了"),
        ("{product}", "zh", "{product}"),
    ],
)
def test_who_has_no_name_is_greeted_without_one(template, language, words):
    assert _unnamed(template, language) == words
