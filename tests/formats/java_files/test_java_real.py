"""What Java and Weka themselves write; skipped where they are not installed."""

import random
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from formats.scanning import scan_file
from weighbridge.facts.java import JavaClass
from weighbridge.findings.model import Verdict
from weighbridge.formats.java_objects.descriptions import class_of
from weighbridge.formats.java_objects.tally import readable

WEKA = Path("/usr/share/java/weka.jar")
pytestmark = pytest.mark.skipif(shutil.which("javac") is None, reason="javac is not installed")

# Each class of its own writes its fields in another way: at once, later, by itself, not at all.
VALUES = """
import java.io.*; import java.math.*; import java.net.*; import java.time.*; import java.util.*;
import java.util.concurrent.*;

public class Values {
    enum Kind { A, B { public String toString() { return "b"; } } }
    static class Later implements Serializable {
        int seed = 0x77046000; double weight = 1.5; Object rest = List.of(1, 2);
        private void writeObject(ObjectOutputStream out) throws IOException {
            out.writeInt(7); out.writeObject("x"); out.defaultWriteObject(); out.writeInt(9);
        }
    }
    static class Itself implements Serializable {
        int first = 5; ArrayList<String> rest = new ArrayList<>(List.of("q"));
        private void writeObject(ObjectOutputStream out) throws IOException {
            out.writeInt(1); out.writeObject(rest);
        }
    }
    static class Nothing implements Serializable {
        int first = 5;
        private void writeObject(ObjectOutputStream out) { }
    }
    static class AtOnce implements Serializable {
        int seed; Object rest = "t";
        AtOnce(int seed) { this.seed = seed; }
        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
        }
    }
    public static class Outside implements Externalizable {
        public void writeExternal(ObjectOutput out) throws IOException {
            out.writeObject("e"); out.write(new byte[3000]);
        }
        public void readExternal(ObjectInput in) { }
    }
    static class Broken implements Serializable { Object a = "x"; Object b = new Object(); }

    static void write(String name, Object... values) throws Exception {
        try (var out = new ObjectOutputStream(new FileOutputStream(name + ".ser"))) {
            for (Object value : values) out.writeObject(value);
        }
    }

    public static void main(String[] arguments) throws Exception {
        var map = new HashMap<String, Object>(Map.of("a", 1, "b", List.of(1.5, 2L, 'c', true)));
        write("clean-maps", map, new TreeMap<>(map), new LinkedHashMap<>(map), new Hashtable<>(map),
            new ConcurrentHashMap<>(map), new IdentityHashMap<>(map), new Properties());
        var kinds = new EnumMap<TimeUnit, String>(Map.of(TimeUnit.DAYS, "x"));
        write("clean-enums", kinds, EnumSet.of(TimeUnit.DAYS), TimeUnit.HOURS);
        write("clean-lists", new ArrayList<>(List.of(1)), new LinkedList<>(List.of(1)),
            new Vector<>(List.of(1)), new PriorityQueue<>(List.of(3, 1)), Arrays.asList(1, 2),
            new ArrayDeque<>(List.of(1)), new BitSet(70), Collections.unmodifiableMap(map));
        write("clean-numbers", new BigDecimal("1.25"), BigInteger.TEN, new Random(1), (byte) 1);
        write("clean-times", new Date(), LocalDate.now(), Instant.now(), Calendar.getInstance());
        write("clean-arrays", new int[2], new double[3][4], new String[] {"a", null}, new byte[99],
            new Object[] {1, "x", new long[5]}, int.class, String.class, "x".repeat(70000));
        write("clean-address", new URL("http://a.example/"), new File("x"), UUID.randomUUID());
        write("clean-error", new RuntimeException("x", new IOException("y")));
        write("own-kinds", Kind.A, Kind.B);
        write("own-later", new Later(), new Later(), map);
        write("own-itself", new Itself(), new Itself(), map);
        write("own-nothing", new Nothing(), new Nothing(), map);
        write("own-outside", new Outside(), new Outside(), map);
        var random = new Random(4);
        var many = new Object[300];
        for (int at = 0; at < many.length; at++) {
            many[at] = new AtOnce(at % 3 == 0 ? 0x70000000 + random.nextInt(0xf000000) : at);
        }
        write("own-numbers", many, map);
        write("own-like-marks", new AtOnce(0x77027070), new AtOnce(0x78787878), map);
        write("own-function", (Runnable & Serializable) () -> System.out.println("x"));
        try (var out = new ObjectOutputStream(new FileOutputStream("own-broken.ser"))) {
            try { out.writeObject(new Broken()); } catch (NotSerializableException error) { }
            out.writeObject(map);
        }
        try (var out = new ObjectOutputStream(new FileOutputStream("clean-reset.ser"))) {
            out.writeObject(map); out.reset(); out.writeObject(map); out.writeInt(5);
            out.write(new byte[5000]); out.writeUnshared(map);
        }
        try (var file = new FileOutputStream("clean-two.ser")) {
            for (int at = 0; at < 2; at++) new ObjectOutputStream(file).writeObject(map);
        }
        try (var out = new ObjectOutputStream(new FileOutputStream("open-protocol.ser"))) {
            out.useProtocolVersion(ObjectStreamConstants.PROTOCOL_VERSION_1);
            out.writeObject(new Outside());
        }
    }
}
"""
EXPECTED = {"clean": Verdict.CLEAN, "own": Verdict.WEAKNESS, "open": Verdict.INCONCLUSIVE}

MODELS = """
import java.io.*; import weka.classifiers.*; import weka.core.*; import weka.filters.Filter;

public class Models {
    public static void main(String[] arguments) throws Exception {
        var columns = new FastVector();
        for (String name : new String[] {"a", "b", "c"}) columns.addElement(new Attribute(name));
        var classes = new FastVector();
        classes.addElement("yes"); classes.addElement("no");
        columns.addElement(new Attribute("class", classes));
        var rows = new Instances("made", columns, 0);
        rows.setClassIndex(3);
        for (int at = 0; at < 60; at++) {
            double kind = at * 7 % 5 > 2 ? 1 : 0;
            rows.add(new Instance(1.0, new double[] {at, at * 7 % 5, at % 3, kind}));
        }
        for (String name : new String[] {"trees.J48", "trees.RandomForest", "bayes.NaiveBayes",
                "functions.SMO", "functions.MultilayerPerceptron", "lazy.IBk", "rules.JRip"}) {
            save(name, Classifier.forName("weka.classifiers." + name, null), rows);
        }
        for (String name : new String[] {"unsupervised.attribute.Normalize",
                "supervised.attribute.Discretize", "unsupervised.attribute.PrincipalComponents"}) {
            var filtered = new weka.classifiers.meta.FilteredClassifier();
            filtered.setFilter((Filter) Class.forName("weka.filters." + name).newInstance());
            filtered.setClassifier(new weka.classifiers.trees.J48());
            save("with." + name, filtered, rows);
        }
    }

    static void save(String name, Classifier model, Instances rows) throws Exception {
        model.buildClassifier(rows);
        var header = new Instances(rows, 0);
        SerializationHelper.writeAll(name + ".model", new Object[] {model, header});
        var stored = new Object[] {new SerializedObject(model), new SerializedObject(model, true)};
        SerializationHelper.writeAll(name + "-stored.model", stored);
    }
}
"""


# Says which classes Java looks up before it comes to an end or fails.
ORACLE = """
import java.io.*; import java.net.*; import java.nio.charset.StandardCharsets;
import java.nio.file.*; import java.util.*;

public class Oracle {
    static class Input extends ObjectInputStream {
        final Set<String> seen = new TreeSet<>();
        Input(InputStream in) throws IOException { super(in); }
        protected Class<?> resolveClass(ObjectStreamClass described)
                throws IOException, ClassNotFoundException {
            seen.add(URLEncoder.encode(described.getName(), StandardCharsets.UTF_8));
            return super.resolveClass(described);
        }
    }

    public static void main(String[] arguments) throws Exception {
        for (File file : new File("changed").listFiles()) {
            Input in = null;
            try {
                in = new Input(new ByteArrayInputStream(Files.readAllBytes(file.toPath())));
                for (int at = 0; at < 100; at++) in.readObject();
            } catch (Throwable error) { }
            if (in != null) System.out.println(file.getName() + " " + String.join(" ", in.seen));
        }
    }
}
"""


def run(folder, name, source, *options):
    (folder / f"{name}.java").write_text(source, "utf-8")
    for command in (["javac", "-nowarn", *options, f"{name}.java"], ["java", *options, name]):
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return done.stdout.decode()


def test_values_of_java_itself(tmp_path):
    run(tmp_path, "Values", VALUES)
    for path in tmp_path.glob("*.ser"):
        answer = scan_file(path)
        assert answer.verdict is EXPECTED[path.name.split("-")[0]], path.name
        assert answer.rules <= {"java-class"}, path.name
    assert len(list(tmp_path.glob("*.ser"))) == 20


def test_no_class_that_java_looks_up_is_missed(tmp_path):
    run(tmp_path, "Values", VALUES)
    (tmp_path / "changed").mkdir()
    seeds = [path.read_bytes() for path in sorted(tmp_path.glob("*.ser"))]
    seeds = [data for data in seeds if len(data) < 9_000]
    rng = random.Random("java")
    for number in range(600):
        data = bytearray(rng.choice(seeds))
        at = rng.randrange(4, len(data))
        piece = rng.choice(seeds)[rng.randrange(4, 300) :][: rng.randrange(200)]
        data[at : at + rng.choice([0, 1, 4])] = rng.choice(
            [b"", bytes([rng.randrange(256)]), bytes([rng.randrange(0x70, 0x7F)]), piece]
        )
        (tmp_path / "changed" / str(number)).write_bytes(data)
    lines = run(tmp_path, "Oracle", ORACLE).splitlines()
    for line in lines:
        name, *seen = map(unquote_plus, line.split(" "))
        facts = scan_file(tmp_path / "changed" / name).facts
        found = {fact.name for fact in facts if isinstance(fact, JavaClass)}
        missed = {class_of(one) for one in seen if readable(one)} - found - {""}
        assert not missed, name
    assert len(lines) > 500


@pytest.mark.skipif(not WEKA.exists(), reason="weka is not installed")
def test_models_of_weka(tmp_path):
    run(tmp_path, "Models", MODELS, "-cp", f"{WEKA}:.")
    paths = list(tmp_path.glob("*.model"))
    for path in paths:
        answer = scan_file(path)
        assert (answer.verdict, answer.gaps, answer.findings) == (Verdict.CLEAN, [], []), path.name
    assert len(paths) == 20
