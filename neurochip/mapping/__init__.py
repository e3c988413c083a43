"""How a network lies on the chip: what it takes of each core, and what goes between them."""
