"""Jobs and their runs: what events say of them, kept and read."""
