"""Inventories: named lists of models and packages, and what becomes known about them."""
