"""The decision in real time, without HTTP: events and decisions that are never lost, and what is true of a visitor now."""
