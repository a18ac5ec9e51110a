"""The endpoint that providers post to when something becomes of a batch: it brings a look forward, and no more."""
