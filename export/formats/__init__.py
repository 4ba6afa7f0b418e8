"""One file a format, and what it is made of: each writes a checkpoint as a file that another program runs."""
