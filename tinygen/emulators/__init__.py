"""Runs firmware: a process, a transport and a counter each, one console client for all."""
