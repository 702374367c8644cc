"""Practising: a reference note is shown, a learner codes it, and is told what was missed or too much, and why."""
