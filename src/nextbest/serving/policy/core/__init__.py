"""Estimates of what another policy would have brought."""
