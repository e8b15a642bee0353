"""A lending library's background work, written the old way, in Django."""
