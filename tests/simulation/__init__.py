"""The product's real code in one process; clock, queue, providers, faults and people follow a seed."""
