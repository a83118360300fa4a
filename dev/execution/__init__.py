"""A small Lambda: the functions of the template, in execution environments of their own."""
