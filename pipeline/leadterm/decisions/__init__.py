"""What people decided on codes: kept for good, put together, and made into coded encounters."""
