"""What is true: states and their moves, the tables, and the only code that writes them."""
