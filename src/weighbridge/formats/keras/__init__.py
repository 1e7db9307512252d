"""Keras models: archives, configurations, and what HDF5 files hold for Keras."""
