"""Normal forms of words: spelling, short forms, languages."""
