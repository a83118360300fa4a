"""The local run beside what people would try instead, on one machine in one run."""
