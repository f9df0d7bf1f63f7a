"""Loads and checks the board files."""
