"""Objects saved by Torch7: ``torch.save`` of Lua (torch/torch7, File.lua).

| module | does |
| --- | --- |
| `cursor` | reads numbers and texts, in the binary and the text form |
| `model` | recognises the file, walks its objects, states facts |
"""
