"""Pure checks and choices over a set of codes, by the classification and the guidelines."""
