"""Where models are fitted: as many hands as the machine has processors, one thread a model."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from nextbest.models.propensity.core.choosing import Workshop


@contextmanager
def open_workshop() -> Iterator[Workshop]:
    """Fit side by side; libraries keep to one thread each, so that results do not depend on the machine."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield Workshop(time.thread_time, pool.map)
