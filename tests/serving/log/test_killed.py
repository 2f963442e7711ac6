"""A service that is killed again and again loses nothing that it acknowledged, and clients' retries count once."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from nextbest.engines.operations import Operations
from nextbest.tables.operational import EVENTS, SUBJECT_STATE

SERVICE = """
import sys
from datetime import datetime
from pathlib import Path
from nextbest.engines.operations import Operations
from nextbest.serving.events import Event
from nextbest.serving.log import Writer, WriterSettings, append
store, url, start = sys.argv[1:]
noon = datetime(2026, 1, 31, 12)
def batch(number):
    events = [Event(f"e{number}-{n}", "product_viewed", "Product Viewed", noon, noon, f"c{n}", product_id="tea") for n in range(10)]
    return lambda connection: append(connection, events)
with Operations.open(Path(store), url=url or None) as operations:
    with Writer(operations.writing, WriterSettings(max_commit=30)) as writer:
        number = int(start)
        while True:
            asked = [(number + n, writer.submit(batch(number + n), n_rows=10)) for n in range(8)]
            for name, future in asked:
                future.result()
                print(name, flush=True)
            number += 8
"""
KILLS = 20


@pytest.mark.slow
def test_twenty_kills_under_load_lose_nothing_and_double_nothing(database):
    Operations.open(**database).close()
    place = [str(database["store"]), database.get("url", "")]
    acknowledged: set[int] = set()
    for kill in range(KILLS):
        # The client sends again what it has no answer for: it begins a little before the last answer.
        start = max(max(acknowledged, default=0) - 5, 0)
        service = subprocess.Popen(
            [sys.executable, "-c", SERVICE, *place, str(start)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(10 + kill):
            acknowledged.add(int(service.stdout.readline()))
        service.kill()
        acknowledged |= {
            int(line) for line in service.stdout.read().splitlines(keepends=True) if line.endswith("\n")
        }
        service.wait()
        service.stdout.close()
    with Operations.open(**database) as operations, operations.reading() as connection:
        kept = list(connection.scalars(sa.select(EVENTS.c.event_id)))
        versions = connection.scalars(sa.select(SUBJECT_STATE.c.version)).all()
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("pragma integrity_check").scalar_one() == "ok"
    assert len(acknowledged) > 10 * KILLS
    assert {f"e{number}-{n}" for number in acknowledged for n in range(10)} - set(kept) == set()
    assert len(kept) == len(set(kept))
    # Each batch touched each of the ten customers once: the state went along with the events, all or nothing.
    assert versions == [len(kept) // 10] * 10
