"""Python code inside model files: marshalled code objects, code in pickles, and source text.

Nothing here runs, imports or unmarshals what it reads. The facts name what the code uses, fully
resolved and without judgement; `facts.pickles.Code` is the only fact produced.

| module | does |
| --- | --- |
| `marshal_reader` | reads marshal data and `.pyc` files into plain values and `CodeObject` |
| `code_arguments` | rebuilds a `CodeObject` from the constructor call a pickle makes |
| `code_objects` | a `CodeObject` to a fact |
| `name_usage` | which names of a code object are loaded by themselves, and not as attributes |
| `source` | source text to a fact; see below |
| `fallback` | what can be said about text that is not valid Python |
| `shellish` | whether a piece of text is Python at all |
| `effects` | names that all of them share |

Of source text, `parsing` makes a tree, `reading` visits statements, `binding` binds names,
`evaluation` evaluates expressions to `values`, `resolving` resolves names, `calling` knows
particular functions, and `folding` and `decoding` compute constants.
"""
