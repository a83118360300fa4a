"""Run every benchmark: `python -m benchmarks`, or one: `python -m benchmarks.walk`."""

from benchmarks import walk

if __name__ == "__main__":
    walk.main()
