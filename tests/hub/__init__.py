"""A loopback hub: Hugging Face's and Kaggle's interfaces, and a storage at another origin.

The shapes are those that the real clients need; tests run those clients against it. Every request
is logged, and faults can be switched on that no honest hub shows.
"""
