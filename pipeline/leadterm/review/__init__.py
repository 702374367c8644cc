"""The coder's workbench: a page served on this machine, where suggestions become decisions that are kept."""
