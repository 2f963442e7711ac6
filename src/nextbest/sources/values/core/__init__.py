"""Pure parts of reading values: arrays of distinct strings in, typed arrays and what failed out."""
