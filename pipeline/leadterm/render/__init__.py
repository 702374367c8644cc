"""What a person sees: tables in the terminal and pages in the browser."""
