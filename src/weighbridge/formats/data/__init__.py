"""Formats that hold data and nothing that a loader runs: media, tables, vocabularies, vectors.

Each reader follows the structure to where it ends. What stands behind the end is examined on its
own, and a structure that ends outside the file is damaged, so none of them hides anything.
"""
