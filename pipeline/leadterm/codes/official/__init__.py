"""Readers of the official files of code systems."""
