"""Run by hand: the geography builder, a maker of large event files, and speed benchmarks."""
