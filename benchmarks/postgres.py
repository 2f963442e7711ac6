"""A PostgreSQL server of our own, in a folder that goes with it: one schema for everybody who asks."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

_DEBIAN: Final = Path("/usr/lib/postgresql")


def find() -> Path | None:
    """Find the server's program; ``None``: it is not installed (Debian's package is ``postgresql``)."""
    found = shutil.which("postgres") or max(map(str, _DEBIAN.glob("*/bin/postgres")), default=None)
    return Path(found).resolve() if found else None


@contextmanager
def postgresql(program: Path) -> Iterator[Callable[[], str]]:
    """Run a server until the block ends, and give what makes an empty schema and tells its URL.

    It reaches the disk only as far as the operating system's cache: a killed client loses nothing, a power cut would.
    """
    folder = Path(tempfile.mkdtemp(prefix="nextbest-pg-"))
    owner = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if owner:  # PostgreSQL refuses to run as the administrator
        shutil.chown(folder, "postgres", "postgres")
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
    } | owner
    tools, data = program.parent, folder / "data"
    made = [
        tools / "initdb",
        "-D",
        data,
        "-U",
        "shop",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        "--locale=C",
    ]
    subprocess.run(made, check=True, **quiet)
    options = ("-c", "listen_addresses=", "-c", "fsync=off")
    server = subprocess.Popen([program, "-D", data, "-k", folder, *options], **quiet)
    try:
        while subprocess.run([tools / "pg_isready", "-q", "-h", folder], check=False, cwd=folder).returncode:
            if server.poll() is not None:
                message = "PostgreSQL does not start"
                raise RuntimeError(message)
            time.sleep(0.1)
        numbers = itertools.count()
        yield lambda: _schema(folder, f"shop{next(numbers)}")
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(folder)


def _schema(folder: Path, name: str) -> str:
    admin = f"postgresql+psycopg://shop@/postgres?host={folder}"
    engine = sa.create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"create schema {name}")
    return f"postgresql://shop@/postgres?host={folder}&options=-csearch_path%3D{name}"
