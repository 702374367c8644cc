"""Trees, calibration and tables of candidates; knows no code."""
