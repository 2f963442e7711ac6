"""Where tables live: DuckDB behind the Store port, parts and snapshots on disk, the operational store."""
