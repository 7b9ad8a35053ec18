"""A comparison as one offline page, and its figures as files."""
