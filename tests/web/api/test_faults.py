"""The service as a process under load while things go wrong: nothing acknowledged is lost, nothing wrong is said, and all is
well again when the fault ends. The same for longer: ``python -m benchmarks faults``."""

import contextlib
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from benchmarks.auditing import NOTHING, audit
from benchmarks.served_shop import CAP, COMMAND, make, policy, publish, serving
from benchmarks.visitors import Account, Crowd, Visitor

from nextbest.tables.operational import DECISIONS

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request, tmp_path):
    url = request.getfixturevalue("postgresql")() if request.param == "postgresql" else None
    return make(tmp_path / "shop", database=url)


@pytest.fixture
def plain_shop(tmp_path):
    return make(tmp_path / "shop")


def wait_for(what, seconds=60):
    """Wait until something is true, and give it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def answers(crowd, n):
    """Wait for more answers."""
    goal = crowd.account.n_answers + n
    wait_for(lambda: crowd.account.n_answers >= goal)


def test_three_kills_under_load_lose_nothing_and_double_nothing(shop):
    with serving(shop) as server:
        with Crowd(server, 6) as crowd:
            for _ in range(3):
                answers(crowd, 60)
                server.kill()
                server.start()
                server.wait()
            answers(crowd, 60)
        account = crowd.account
        assert len(account.acknowledged) > 100
        assert not account.waiting
    assert audit(shop, account) == NOTHING, account.wrong[:3]


def test_two_workers_never_exceed_a_cap_even_when_one_is_killed_and_replaced(shop):
    with serving(shop, "--workers", "2") as server:
        first = wait_for(lambda: len(server.workers()) == 2 and server.workers())
        customers = [f"c{number}" for number in range(shop.n_customers)] * 15

        def ask(mine):
            visitor = Visitor(server)
            for customer in mine:
                visitor.ask_email(customer)
            visitor.close()
            return visitor.account

        with ThreadPoolExecutor(8) as many:
            asking = [many.submit(ask, customers[at::8]) for at in range(8)]
            wait_for(lambda: len(shop.column(DECISIONS.c.decision_id)) > 100)
            os.kill(first[0], signal.SIGKILL)
            accounts = [one.result() for one in asking]
        second = wait_for(lambda: len(server.workers()) == 2 and server.workers())
        assert first[0] not in second
        server.process.kill()
        server.process.wait()
        wait_for(lambda: not any(map(is_alive, second)))
    account = sum(accounts, Account())
    assert audit(shop, account) == NOTHING, account.wrong[:3]
    offered = (
        sa.select(sa.func.count()).where(DECISIONS.c.offer_id.isnot(None)).group_by(DECISIONS.c.customer_id)
    )
    with shop.operations() as operations, operations.reading() as connection:
        assert set(connection.scalars(offered)) == {CAP}


def test_new_runs_and_policies_under_load_drop_nothing_and_mix_nothing(plain_shop):
    with serving(plain_shop) as server:
        with Crowd(server, 6) as crowd:
            manager = Visitor(server)
            for number in range(2, 6):
                publish(plain_shop.folder, f"r{number}", plain_shop.n_customers)
                assert manager.post("/v1/policies/publish", policy(number))[1] == {"version": number}
                wait_for(lambda number=number: (f"r{number}", number) in crowd.account.by)
            manager.close()
        account = crowd.account
    assert account.wrong == []
    assert set(account.told) <= {"200", "202", "fallback budget"}
    assert {f"r{number}" for number in range(1, 6)} == {run for run, _ in account.by}
    assert audit(plain_shop, account) == NOTHING


def is_alive(pid):
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def locked(shop):
    """Hold the database as another program would."""
    with contextlib.closing(sqlite3.connect(shop.folder / "store" / "operations.db", timeout=20)) as other:
        other.isolation_level = None
        other.execute("begin exclusive")
        yield
        other.execute("rollback")


@contextlib.contextmanager
def full_disk(server):
    """Let no file of the server grow."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    yield
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)


def told_next(crowd, what, seconds=60):
    """Wait until somebody is told something once more."""
    before = crowd.account.told[what]
    wait_for(lambda: crowd.account.told[what] > before, seconds)


def test_faults_are_told_and_over_when_they_are_over(plain_shop):
    with serving(plain_shop) as server:
        with Crowd(server, 6) as crowd, contextlib.closing(Visitor(server)) as hurried:
            answers(crowd, 30)
            with locked(plain_shop):
                hurried.ask_home(budget_ms=100)
            assert hurried.account.told == {"200": 1, "fallback budget": 1}
            told_next(crowd, "202")

            with full_disk(server):
                told_next(crowd, "503")
            told_next(crowd, "202")

            publish(plain_shop.folder, "r2", plain_shop.n_customers)
            half = plain_shop.folder / "store" / "snapshots" / "r2" / "products.parquet"
            whole = half.read_bytes()
            half.write_bytes(whole[:-40])
            answers(crowd, 30)
            half.write_bytes(whole)
            wait_for(lambda: ("r2", 1) in crowd.account.by)

            for _ in range(20):
                break_off(server, plain_shop)
            answers(crowd, 30)
        account = crowd.account
        log = server.log()
    assert audit(plain_shop, account) == NOTHING, account.wrong[:3]
    assert set(account.told) <= {"200", "202", "503", "fallback budget"}
    assert not account.waiting
    assert "Traceback" not in log, log[log.index("Traceback") :][:2000]


def test_a_database_server_that_throws_everybody_out_is_come_back_to(postgresql, tmp_path):
    shop = make(tmp_path / "shop", database=postgresql())
    others = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null"
    with serving(shop) as server:
        with Crowd(server, 6) as crowd:
            for _ in range(5):
                answers(crowd, 40)
                with shop.operations() as operations, operations.reading() as connection:
                    connection.execute(sa.text(others))
            answers(crowd, 40)
        account = crowd.account
    assert audit(shop, account) == NOTHING, account.wrong[:3]
    assert set(account.told) <= {"200", "202", "503", "fallback budget"}


def break_off(server, shop):
    """Hang up in the middle of a body."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        head = f"POST /v1/decide HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shop.key}\r\nContent-Length: 900\r\n\r\n"
        connection.sendall(head.encode() + b'{"placements"')


def test_asked_to_end_it_answers_what_was_asked(plain_shop):
    with serving(plain_shop) as server:
        visitors = [Visitor(server) for _ in range(6)]
        with ThreadPoolExecutor(6) as many:
            with locked(plain_shop):
                asking = [many.submit(visitor.ask_email, f"c{n}") for n, visitor in enumerate(visitors)]
                time.sleep(0.5)
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.5)
            for one in asking:
                one.result()
        server.process.wait(40)
        for visitor in visitors:
            visitor.close()
        account = sum((visitor.account for visitor in visitors[1:]), visitors[0].account)
    assert account.told == {"200": 6}
    assert audit(plain_shop, account) == NOTHING


def test_a_run_that_is_gone_when_the_service_starts_is_waited_for(plain_shop):
    pointer = plain_shop.folder / "store" / "CURRENT"
    pointer.write_text("r0")
    with serving(plain_shop) as server:
        visitor = Visitor(server)
        visitor.ask_home()
        visitor.send(3, "c1")
        assert visitor.account.told == {"200": 1, "202": 1, "fallback snapshot_missing": 1}
        pointer.write_text("r1")
        wait_for(lambda: visitor.ask_home() or ("r1", 1) in visitor.account.by)
        visitor.close()
    assert audit(plain_shop, visitor.account) == NOTHING


def test_a_folder_that_cannot_be_written_is_one_sentence(plain_shop):
    with read_only(plain_shop.folder / "store"):
        done = subprocess.run(
            [COMMAND, "serve", "--in", plain_shop.folder, "--port", "0"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert "cannot be opened for writing" in done.stderr
    assert "Traceback" not in done.stderr


@contextlib.contextmanager
def read_only(folder):
    """Mount a folder on itself, for reading; the administrator may write wherever rights forbid it."""
    bound = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if bound.returncode:
        pytest.skip("only the administrator of a Linux machine can mount a folder for reading")
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    yield
    subprocess.run(["umount", folder], check=True)
