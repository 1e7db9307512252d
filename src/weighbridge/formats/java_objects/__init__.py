"""Objects that Java serialized (Java Object Serialization Specification, 6, Stream Protocol).

| module | does |
| --- | --- |
| `cursor` | reads numbers and texts, as Java reads them |
| `descriptions` | descriptions of classes: what data an object of each has in the stream |
| `frames` | what is being read, without a stack of calls |
| `guesses` | says what could stand at a place, where only the class itself knows |
| `classes` | reads the descriptions of classes |
| `readings` | keeps what a reading has come to, and where other readings begin |
| `walk` | reads the objects, in every way in which they can be read |
| `tally` | counts the classes, keeps texts and arrays of bytes worth a look |
| `model` | recognises the file, states facts, has what is inside of arrays examined |
"""
