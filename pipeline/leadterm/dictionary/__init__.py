"""The model that knows the classification: mentions become candidates with features and hints."""
