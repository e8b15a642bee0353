"""Figures for the council."""
