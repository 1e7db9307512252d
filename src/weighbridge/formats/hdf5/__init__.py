"""HDF5: its structure, by ranges and without libhdf5 (HDF5 File Format Specification 3.0).

Groups, links, attributes, and of datasets the type, shape, place and filters. The data itself is
never read.
"""
