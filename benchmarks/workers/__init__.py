"""One module for each system; it runs in that system's own environment and measures one job."""
