"""Run by hand: the geography builder, catalogues of messages, big event files, speed benchmarks."""
