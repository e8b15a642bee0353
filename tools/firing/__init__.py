"""A capture under fire: trouble of every kind, a world that changes meanwhile, and the verdict."""
