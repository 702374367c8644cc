"""Makes models out of coded notes."""
