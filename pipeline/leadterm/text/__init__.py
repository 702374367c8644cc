"""Clinical text, the one place that knows spaCy: sections, sentences, short forms, mentions and their context."""
