"""From characters to lines, sentences, sections and problems."""
