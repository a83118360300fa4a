"""The benchmarks behind what the documents claim about speed: `make bench`."""
