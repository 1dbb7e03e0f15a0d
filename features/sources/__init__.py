"""One module a source: each turns what it delivers into the normal form of `features.events`."""
