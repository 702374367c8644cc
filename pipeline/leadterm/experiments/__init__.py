"""Benchmarks, learning curves, baselines and measurements of speed."""
