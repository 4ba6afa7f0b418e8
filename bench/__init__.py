"""Measurements of speed and memory: ratios within one run, since machines differ."""
