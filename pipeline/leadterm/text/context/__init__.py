"""Whether what is said of a mention is present, absent, possible, history, of the family or still to come."""
