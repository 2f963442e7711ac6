"""Tools of the developers; the package does not need them."""
