"""Visits step by step, what is learnt from them, how well, and when a coupon pays."""
