"""Fast tests: no training, no downloads; those of the exported model skip while it is not there."""
