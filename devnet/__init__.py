"""Trials and tests: the command `lugang`, a network of real processes on one machine, the demo, the benchmark, the
simulator. Nothing below knows this floor."""
