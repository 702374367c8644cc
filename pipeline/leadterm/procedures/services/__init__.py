"""Drugs, supplies and services of HCPCS Level II found in notes, with units and modifiers."""
