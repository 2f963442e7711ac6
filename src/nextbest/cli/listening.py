"""Workers that each listen on a socket of their own, so that the kernel spreads connections evenly among them.

On one shared socket whoever wakes first takes all connections that wait: of sixteen made at once, often all.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from uvicorn import Config
from uvicorn.supervisors import Multiprocess


class OwnSocket(socket.socket):
    """A socket that a process it is handed to does not share, but binds again."""

    def __reduce_ex__(self, _: Any) -> tuple[Any, ...]:
        return bound, (self.family, self.getsockname())


def bound(family: int, address: tuple[Any, ...]) -> OwnSocket:
    """Bind a socket to an address that others of our processes may be bound to as well.

    Examples
    --------
    >>> with bound(socket.AF_INET, ("127.0.0.1", 0)) as one, bound(socket.AF_INET, one.getsockname()) as other:
    ...     one.getsockname() == other.getsockname()
    True
    """
    made = OwnSocket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    return made


def run(config: Config) -> None:
    """Run the workers of a configuration until they are told to end.

    Parameters
    ----------
    config
        Names host, port and number of workers. A port that is taken is said as uvicorn says it.
    """
    with (
        config.bind_socket() as free
    ):  # refused where somebody else listens already, whom REUSEPORT would join
        family, address = free.family, free.getsockname()
    with bound(family, address) as reserved, contextlib.suppress(KeyboardInterrupt):
        Multiprocess(config, sockets=[reserved]).run()
