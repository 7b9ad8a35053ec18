"""What a decoder knows of the sentences before the one that it translates."""
