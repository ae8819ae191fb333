"""Whether everything that must always be true is true of a database."""
