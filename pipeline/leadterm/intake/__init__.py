"""From files and bytes to encounters."""
