"""What turns scores into weights, for any score; a new file here is a new normalizer."""
