"""Counting, testing and judging of association rules: arrays in, arrays out."""
