"""The funnel as arrays: what is known, which candidates there are, what stops them, in which order, and how chance plays."""
