"""Notes whose codes are known by construction, and other layouts of notes whose codes are known."""
