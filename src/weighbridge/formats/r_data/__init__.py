"""Objects saved by R: ``saveRDS`` and ``save`` (R Internals, 1.8 Serialization Formats).

| module | does |
| --- | --- |
| `cursor` | reads numbers and texts in the three encodings: XDR, native binary, text |
| `items` | walks the tree of objects and notes the calls in it |
| `model` | recognises the file, states facts |
"""
