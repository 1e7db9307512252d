"""Recall for each technique and false alarms for each framework, on sets that this code makes.

`python -m evals` writes the sets into a temporary folder, examines and judges every file in this
process, prints the table and compares it with the kept one, `evals/results.json`. Payloads are
inert text, and nothing that is written here is ever loaded.
"""
