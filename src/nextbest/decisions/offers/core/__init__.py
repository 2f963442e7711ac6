"""Guardrails, worth and places: arrays over (customer, candidate) rows."""
