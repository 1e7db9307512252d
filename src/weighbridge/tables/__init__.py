"""Knowledge as data: what callables do, what frameworks save, what an effect means.

Every table is a TSV file in this folder: UTF-8, one header row, sorted by its key, and in every
row a source and a reason. A change of knowledge is a change of one row, without code.

| file | one row per | read through |
| --- | --- | --- |
| `dangerous.tsv` | callable with an effect no model needs | `callables` |
| `benign.tsv` | callable that frameworks write into the files they save | `callables` |
| `operands.tsv` | callable whose operands decide, and which of them | `callables` |
| `decoders.tsv` | pure function that unwraps a hidden payload | `decoders` |
| `effects.tsv` | effect, with its wording and classification | `effects` |
| `installers.tsv` | host whose own guide pipes it into a shell | `shell` |
| `java_classes.tsv` | class of Java that acts when an object of it is made (SnakeYAML) | `java` |
| `java_objects.tsv` | class of Java by what a serialized object of it does | `java_objects` |
| `jinja_names.tsv` | name in a role that chat templates need, or that leads out | `jinja` |
| `libraries.tsv` | top-level package of the standard library or of the ML world | `libraries` |
| `ordinary_commands.tsv` | program that the code of honest models starts | `shell` |
| `package_hosts.tsv` | host that packages are really installed from | `packages` |
| `script_acts.tsv` | Python callable that acts on the world outside | `scripts` |
| `script_traits.tsv` | Python callable whose result is worth following | `scripts` |
| `sensitive_paths.tsv` | pattern of paths of credentials and of start-up files | `scripts` |
| `shell_patterns.tsv` | pattern of lines that no honest shell script has | `shell` |
| `state_texts.tsv` | key of a state whose text a class runs as code | `state_texts` |
| `template_phrases.tsv` | words with which something is hidden | `jinja` |
| `template_sentences.tsv` | sentences with such words that hide nothing | `jinja` |
| `weights_only.tsv` | name that torch's restricted unpickler accepts | `weights_only` |

No exact name is in both `dangerous.tsv` and `benign.tsv`. A benign row can lie under a whole-module
row of `dangerous.tsv`; then the exact row wins.
"""
