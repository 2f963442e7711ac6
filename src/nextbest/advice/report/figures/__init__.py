"""Figures: results and words drawn as charts, each with the table of its numbers."""
