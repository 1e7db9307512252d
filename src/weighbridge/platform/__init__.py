"""The platform: queue, researchers, identifiers, feeds (``pip install weighbridge[platform]``)."""
