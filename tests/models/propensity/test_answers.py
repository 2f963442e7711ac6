import numpy as np
import pytest

from nextbest.base.errors import DataError, SettingsError
from nextbest.models.propensity.core.answers import find_column, read_answers


def texts(*values):
    return np.array(values, dtype=object)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("yes", "no"),
        ("Y", "N"),
        ("1", "0"),
        ("TRUE", "FALSE"),
        ("是", "否"),
        ("有", "无"),
        ("1.0", "0.0"),
        ("1", "2"),
    ],
)
def test_the_usual_words_mean_yes(yes, no):
    answers = read_answers(texts(no, yes, yes, yes), "bought", None)
    assert answers.is_yes.tolist() == [False, True, True, True]
    assert not answers.is_guessed


def test_numbers_mean_what_their_text_means():
    assert read_answers(np.array([0.0, 1.0, np.nan]), "bought", None).is_yes.tolist() == [False, True, False]


def test_of_two_other_values_the_rarer_is_yes_and_that_is_said():
    answers = read_answers(texts("left", "stays", "stays"), "state", None)
    assert (answers.positive, answers.is_guessed) == ("left", True)


def test_the_value_that_is_asked_for_means_yes_and_all_others_no():
    answers = read_answers(texts("A", "b", "c", "a"), "grade", "a")
    assert answers.is_yes.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("values", "positive", "error", "said"),
    [
        (texts("a", "b", "c"), None, SettingsError, "propensity.positive"),
        (texts("a", "b"), "z", SettingsError, "a, b"),
        (texts("yes", "yes"), None, DataError, "only yes"),
        (texts(None, " "), None, DataError, "2 empty"),
    ],
)
def test_a_column_without_two_answers_is_refused_in_a_sentence(values, positive, error, said):
    with pytest.raises(error, match=said):
        read_answers(values, "grade", positive)


def test_a_column_is_found_whatever_its_case_and_signs_or_close_names_are_given():
    assert find_column("default payment", ["ID", "Default.Payment"]) == "Default.Payment"
    with pytest.raises(SettingsError, match="purchase"):
        find_column("purchse", ["age", "purchase"])
