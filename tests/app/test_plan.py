from collections import defaultdict
from datetime import date

from nextbest.app import plan
from nextbest.app.catalogue import CATALOGUE
from nextbest.base.capability import Capability, Moment
from nextbest.base.contract import Table
from nextbest.base.settings import Settings

DAY = Moment(date(2026, 1, 1))


class NoSettings(Settings):
    """Nothing to set."""


def card(name, *, requires=(), uses=(), writes=()):
    tables = tuple(Table(table, "rows", (), ()) for table in writes or (name,))
    return Capability(name, "Why?", "x:y", NoSettings, tables, tuple(requires), tuple(uses))


SETTINGS = defaultdict(NoSettings)
A, B, C = card("a", uses=("c",)), card("b", requires=("a.key",)), card("c", requires=("raw | other",))


def test_a_capability_runs_after_those_whose_tables_it_reads():
    assert [one.name for one in plan.in_order([A, B, C])] == ["c", "a", "b"]


def test_what_only_a_setting_asks_for_is_not_run_without_it():
    class Asking(Settings):
        rule: str = ""

    reader = Capability("reader", "Why?", "x:y", Asking, (), ("a.key",), uses_when=(("c", "rule"),))
    cards = [card("a"), C, reader]
    for setting, expected in (("", ["a", "reader"]), ("r1", ["a", "c", "reader"])):
        settings = {"a": NoSettings(), "c": NoSettings(), "reader": Asking(rule=setting)}
        assert [one.name for one in plan.with_needed(["reader"], cards, settings)] == expected


def test_asking_for_one_brings_what_it_needs():
    assert [one.name for one in plan.with_needed(["a"], [A, B, C], SETTINGS)] == ["c", "a"]


def test_what_writes_two_of_the_tables_it_needs_comes_once():
    twice, reader = card("twice", writes=("one", "other")), card("reader", uses=("one", "other"))
    assert [one.name for one in plan.with_needed(["reader"], [twice, reader], SETTINGS)] == [
        "twice",
        "reader",
    ]


def test_one_of_several_tables_is_enough():
    assert plan.missing(C, lambda table, *_: table == "other") is None
    assert plan.missing(C, lambda *_: False) == "raw | other"


def test_a_missing_column_is_named():
    assert plan.missing(B, lambda _, *columns: not columns) == "a.key"


def test_what_a_result_depends_on_changes_its_fingerprint():
    same = plan.fingerprint(A, NoSettings(), DAY, [("raw", ["1"])])
    assert same == plan.fingerprint(A, NoSettings(), DAY, [("raw", ["1"])])
    assert same != plan.fingerprint(A, NoSettings(), DAY, [("raw", ["2"])])
    assert same != plan.fingerprint(A, NoSettings(), Moment(date(2026, 1, 2)), [("raw", ["1"])])
    assert same != plan.fingerprint(B, NoSettings(), DAY, [("raw", ["1"])])


def test_the_catalogue_has_an_order():
    assert {one.name for one in plan.in_order(CATALOGUE)} == {one.name for one in CATALOGUE}
