"""Pages over the ledger: what happened, to whom, and why not. Reads the core, and nothing else."""
