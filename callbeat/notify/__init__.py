"""One message to one receiver: how it is signed, written and sent, and what was answered. Knows no ledger."""
