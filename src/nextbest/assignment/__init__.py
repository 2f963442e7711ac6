"""Who gets what by chance: hashing, control groups, sample sizes."""
