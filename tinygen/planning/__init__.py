"""Select, order, place: the one search of the compiler."""
