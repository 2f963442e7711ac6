"""Pure parts of reading: encodings, the shape of delimited text, records, cells."""
