"""Run every benchmark: `python -m benchmarks`, or one: `python -m benchmarks.walk`."""

from benchmarks import domain_reads, walk

if __name__ == "__main__":
    walk.main()
    domain_reads.main()
