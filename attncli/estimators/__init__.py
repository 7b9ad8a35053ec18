"""How a gradient reaches what the loss alone does not: positions that an attention draws."""
