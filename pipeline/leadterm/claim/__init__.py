"""From accepted codes to a claim draft: sequence, pointers, what is missing, and the formats a payer reads."""
