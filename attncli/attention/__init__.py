"""Every attention, one file each; the folder is scanned, so a new file is a new attention."""
