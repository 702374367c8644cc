"""Figures of an alignment."""
