"""Reference codes, runs and the alignment of both."""
