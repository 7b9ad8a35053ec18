"""Drawing: attention maps in the terminal and as pictures."""
