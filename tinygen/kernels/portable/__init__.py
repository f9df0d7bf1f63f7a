"""Portable kernels: C99, any core."""
