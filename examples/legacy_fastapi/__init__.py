"""A pottery shop's background work, the old way: a client in each corner, made on import."""
