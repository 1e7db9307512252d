"""Whole repositories: code, configuration and templates around the weights.

Needs no heavy library. Weights are stand-ins; what is measured is what stands beside them.
"""
