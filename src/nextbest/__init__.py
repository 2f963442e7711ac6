"""nextbest: from a business's own data to decisions that sell more, and the proof that they did."""
