"""Propensity as numbers: columns, candidates, choice, proof, reasons."""
