"""The model that knows coded notes: phrases, similar phrases, words, co-occurrence, procedure axes."""
