import pickle
import socket
import sys
from multiprocessing.reduction import ForkingPickler

import pytest
from uvicorn import Config

from nextbest.cli.listening import bound, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers share one socket")


def test_a_process_gets_a_socket_of_its_own_and_a_fair_share_of_the_connections():
    with (
        bound(socket.AF_INET, ("127.0.0.1", 0)) as one,
        pickle.loads(ForkingPickler.dumps(one)) as other,  # noqa: S301
    ):
        for listening in (one, other):
            listening.listen(100)
            listening.settimeout(0)
        asking = [socket.create_connection(one.getsockname()) for _ in range(60)]
        shares = [waiting(one), waiting(other)]
        for connection in asking:
            connection.close()
    assert sum(shares) == 60
    assert min(shares) >= 10


def waiting(listening):
    n = 0
    try:
        while True:
            listening.accept()[0].close()
            n += 1
    except BlockingIOError:
        return n


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # uvicorn leaves its socket open
def test_a_port_that_somebody_listens_on_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit):
            run(Config("nowhere:app", port=taken.getsockname()[1], workers=2, log_level="critical"))
