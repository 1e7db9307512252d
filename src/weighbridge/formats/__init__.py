"""Formats: recognise by content, parse within the budget, yield facts; one module each."""
