"""What identifies or reaches a person is seen only by who asks for it, whatever the table and the command."""

import json
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextbest.app.catalogue import contracts
from nextbest.app.workspace import Workspace
from nextbest.engines.duckdb_store import ARROW_TYPES
from nextbest.engines.parts import Parts
from nextbest.tables import CANONICAL

HIDDEN = "zyx"
PERSONAL = {
    (table.name, column.name): column for table in contracts().values() for column in table if column.personal
}
TABLES = sorted({table for table, _ in PERSONAL})
SHOWN = "•••"
NAMES = (
    "name",
    "email",
    "phone",
    "wecom_id",
    "address",
    "birth_on",
    "gender",
    "anonymous_id",
    "alias",
    "contact",
)
"""Columns that are personal wherever they stand beside a customer."""
COMMANDS = {
    "customers erase": ["customers", "erase", "c001", "--yes", "--json"],
    "demo": None,  # makes a shop of public data
    "init": None,  # looks at files before there is a workspace
    "check": ["check"],
    "load": ["load", "--json"],
    "run": ["run", "rfm", "--json"],
    "show": None,  # every table, below
    "explain": ["explain", "c003", "--json"],
    "report": ["report"],
    "export": None,  # every table, below
    "review": ["review", "--json"],
    "serve": None,  # its log: tests/web/api/test_gate.py
    "decide": ["decide", "c003", "--json"],
    "audit": ["audit", "--json"],
    "rules add": ["rules", "add", "--head", "Tea", "--body", "Bread"],
    "rules remove": None,  # names a rule, no customer
    "campaign plan": ["campaign", "plan", "--json"],
    "campaign export": None,  # masked: tests/cli/test_campaign.py
    "campaign import": None,  # reads a file
    "keys create": ["keys", "create", "till"],
    "keys list": ["keys", "list", "--json"],
    "keys revoke": ["keys", "revoke", "none"],
    "customers export": None,  # gives the customer what is the customer's
}


def cell(column):
    """Make a value of a personal column that can be told in any text."""
    kinds = {"date": date(1977, 7, 7), "timestamp": datetime(1977, 7, 7)}  # noqa: DTZ001
    return kinds.get(column.kind, f"{HIDDEN}-{column.name}")


def rows_of(table):
    columns = {
        column.name: pa.array(
            ["c003" if column.name == "customer_id" else cell(column) if column.personal else "x" if column.kind == "string" else None],
            ARROW_TYPES[column.kind],
        )
        for column in CANONICAL[table]
    }  # fmt: skip
    return pa.table(columns)


@pytest.fixture
def secrets(shop, monkeypatch):
    """Give a finished shop that holds a value in every personal column of every canonical table."""
    monkeypatch.chdir(shop.parent)
    parts = Parts.open(shop / "store" / "tables")
    with parts.scratch() as scratch:
        for table in TABLES:
            if table in CANONICAL:
                pq.write_table(rows_of(table), scratch / "rows.parquet")
                parts.add(table, scratch / "rows.parquet", source="test", rows=1, name="hidden")
        parts.save()
    return shop


def tells(text):
    return HIDDEN in text or "1977-07-07" in text


def test_what_is_personal_is_marked_in_every_contract():
    for table in contracts().values():
        for column in table:
            is_named = column.name in NAMES and ("customer_id" in table or "alias" in table)
            assert not is_named or column.personal, f"{table.name}.{column.name} is personal"


@pytest.mark.parametrize("table", TABLES)
def test_no_table_shows_or_hands_out_what_is_personal_unless_it_is_asked_for(nextbest, secrets, table):
    shown = nextbest("show", table, "--limit", 999, "--json", "--in", secrets)
    grid = nextbest("show", table, "--limit", 999, "--in", secrets)
    nextbest("export", table, "out.csv", "--in", secrets)
    text = (secrets.parent / "out.csv").read_text(encoding="utf-8-sig")
    for one in (shown.out, grid.out, text):
        assert SHOWN in one
        assert not tells(one)
    asked = nextbest("show", table, "--limit", 999, "--json", "--unmask", "--in", secrets)
    assert tells(asked.out)
    entries = json.loads(nextbest("audit", "--json", "--in", secrets).out)
    assert [(row["action"], row["object"]) for row in entries] == [
        ("table seen", table),
        ("table exported", table),
    ]
    assert not tells(str(entries))


def test_no_command_tells_what_is_personal(nextbest, secrets):
    from nextbest.cli import campaigns, look, people, rights, root, service, work  # noqa: F401

    known = [command.name or command.callback.__name__ for command in root.app.registered_commands]
    known += [
        f"{group.name} {command.name}"
        for group in root.app.registered_groups
        for command in group.typer_instance.registered_commands
    ]
    assert set(known) == set(COMMANDS), "a new command: does it tell what is personal?"
    for name, words in COMMANDS.items():
        if words:
            said = nextbest(*words, "--in", secrets)
            assert not tells(said.out + said.err), name
    assert not tells((secrets / "report.html").read_text(encoding="utf-8"))


def test_a_first_look_at_a_file_shows_nothing_personal(nextbest, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(
        "customer_id,name,E-mail,place,note\nann,Zyx Bell,zyx@mail.example,Oslo,+86 138 0013 8000\n"
    )
    said = nextbest("init", "own", "--from", file, "--time-zone", "UTC", "--yes")
    assert said.code == 0, said.err
    assert "Oslo" in said.out
    assert not {"Zyx", "zyx@", "8000"} & {word for word in ("Zyx", "zyx@", "8000") if word in said.out}


def test_no_table_of_a_run_repeats_what_is_personal(secrets):
    """Models may say of gender, as of any factor, that a value of it buys more: that is nobody's own."""
    shop = Workspace.open(secrets)
    shop.run()
    for path in shop.files(contracts()):
        for row in pq.read_table(path).to_pylist():
            assert not tells(str(row).replace(f"{HIDDEN}-gender", "")), path.stem
