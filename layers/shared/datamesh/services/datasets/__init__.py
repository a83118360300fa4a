"""Domain data: the files behind an output port, their rows, profile and quality."""
