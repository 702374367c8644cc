"""Terms of the classification found in the words of a note."""
