"""A dataset out of a client's file: what is in it, and the files that carry it to Gold."""
