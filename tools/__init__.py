"""Run by hand: the builder of the bundled geography, and speed benchmarks."""
