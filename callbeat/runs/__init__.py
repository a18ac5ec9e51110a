"""What to do next, as pure functions, and doing it. The only part that knows all the others."""
