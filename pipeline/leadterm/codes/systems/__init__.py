"""What each code system is: spelling, category, official names."""
