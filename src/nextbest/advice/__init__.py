"""Findings in words, and the report."""
