"""Millions of notes: a plan of parts, any engine that codes a part, a record of each that is done."""
