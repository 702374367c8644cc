"""Learning from coded notes: the corpus model and what it is made of."""
