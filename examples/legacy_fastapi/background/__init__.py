"""Slow work, split off when requests began to time out."""
