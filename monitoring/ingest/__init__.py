"""How measurements come in: one file per protocol, and what they share."""
