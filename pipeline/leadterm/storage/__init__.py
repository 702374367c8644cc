"""Everything on disk: the atomic writer, artifacts, the array cache, tables of tab-separated values."""
