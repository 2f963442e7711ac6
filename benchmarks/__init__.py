"""How fast, and with how much memory: nextbest and its peers side by side, each measurement in its own process.

``python -m benchmarks`` runs every case, ``python -m benchmarks mining large`` some; ``--write`` puts the results into
``docs/benchmarks.md``.
"""
