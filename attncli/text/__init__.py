"""Text: where pairs come from, how they are cut into pieces, kept on disk and put into batches."""
