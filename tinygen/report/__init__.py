"""Renders plans and results as text and JSON; decides nothing."""
