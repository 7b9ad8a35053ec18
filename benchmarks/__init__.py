"""attncli and its peers measured on the same data, sizes, batches and machine: `make bench`."""
