# The box is switched by `hearth update run`: to a version with one pod and one migration more, which
# comes on a stick, then to one that is not well, which is taken back by itself, and at last started
# with that one.
FIRST = "readlink -f /run/booted-system"
NOW = "readlink -f /run/current-system"
# The Nix that the box's own programs call.
NIX = "$(dirname $(grep -o '/nix/store/[^ ]*/nix-env' $(grep -o '/nix/store/[^\" ]*-hearth-rollback' /etc/hearth/hearth.toml) | head -n 1))"
GENERATION = "readlink /nix/var/nix/profiles/system"
# What no version changes, and what the broken one leaves alone.
ALWAYS = ["fail2ban", "nftables", "prometheus-node-exporter", "systemd-journald"]
LATER = ["caddy", "prometheus", "hearth-inference", "hearth-keys"]

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("{table}", sa.Column("of_{revision}", sa.Text(), nullable=True))
    op.create_table("new_in_{revision}", sa.Column("id", sa.Integer(), primary_key=True))
"""
COPIES = """
import json, pathlib, sqlite3, sys
print(json.dumps({
    path.name: sqlite3.connect(path).execute("select * from alembic_version").fetchone()[0]
    for path in pathlib.Path(sys.argv[1]).glob("*.sqlite3")
}))
"""
STICK = "/root/stick/update"
TABLES = {"pod": "turns", "hub": "members"}


def python(text, *arguments):
    """What the box's own Python of Hearth prints."""
    return box.succeed(shlex.join([PYTHON, "-c", text, *arguments])).strip()


def later(place, source, revision, before):
    """The programs of a later Hearth in a folder: a copy of others, with one revision more."""
    box.succeed(
        f"mkdir -p {place}/hearth && cp -aL {source}/. {place}/hearth && chmod -R u+w,a+rX {place}"
    )
    for schema, table in TABLES.items():
        text = REVISION.format(revision=revision, before=before[schema], table=table)
        file = f"{place}/hearth/store/{schema}/migrations/versions/{revision}_a_later_step.py"
        box.succeed(f"printf %s {shlex.quote(text)} > {file} && chmod a+r {file}")


def update(system, *options):
    """The whole of an update: its exit code, and all that it said, in one line."""
    status, said = box.execute(f"{HEARTH} update run {system} {' '.join(options)} 2>&1 < /dev/null")
    return status, " ".join(said.split())


def sign(name):
    """Sign what is on the stick."""
    box.succeed(
        f"rm -f {STICK}.sig; ssh-keygen -q -Y sign -f /root/{name} -n hearth-update {STICK}"
    )


def record():
    """The newest update as it is written down, and its folder."""
    folder = box.succeed("ls -d /mnt/data/updates/* | tail -n 1").strip()
    return json.loads(box.succeed(f"cat {folder}/result.json")), folder


def revisions():
    """Where every database stands."""
    found = json.loads(box.succeed(f"{HEARTH} health --wait 60 --json"))["findings"]
    return {one["what"]: one["detail"] for one in found if one["what"].startswith("schema ")}


def runs(units):
    """Which run of each unit this is."""
    return {unit: box.get_unit_property(f"{unit}.service", "InvocationID") for unit in units}


def house(token):
    """What members see of every pod that was there from the beginning."""
    return {
        f"{pod} {what}": json.loads(curl(f"/api/v1/pods/{pod}/{what}", token=token))
        for pod in PODS[:3]
        for what in ("documents", "conversations", "actions")
    }


def judged():
    """Whether the broken version runs: its hub, its pods, and what never answers."""
    environments = [
        f"grep -qz hearth-broken /proc/$(systemctl show -P MainPID hearth-{program}.service)/environ"
        for program in ("hub", "pod-family", "pod-study")
    ]
    sleeps = "grep -q sleep /proc/$(systemctl show -P MainPID hearth-pod-study.service)/cmdline"
    return box.execute(" && ".join([*environments, sleeps]))[0] == 0


accepted = []


def accept(pod="family", question="What is on tomorrow?"):
    """Whether the house acknowledges a question now."""
    turn = f"{len(accepted) + 100:032x}"
    body = json.dumps({"id": turn, "text": question})
    words = ["curl", "-sf", "-m", "8", "--cacert", "/root/ca.crt", "--json", body]
    words += ["-H", f"Authorization: Bearer {token}", f"{URL}/api/v1/pods/{pod}/turns"]
    if client.execute(shlex.join(words))[0] != 0:
        return False
    accepted.append((pod, turn))
    return True


def all_answered():
    """Nothing that was acknowledged is lost."""
    for pod, turn in accepted:
        said = answer(events(token, pod, turn))
        assert "Chimney sweep" in said, (pod, turn, said)


start_all()
ready()
trust()
token = sign_in()
first = box.succeed(FIRST).strip()
NEXT, BROKEN = (
    box.succeed(f"readlink -f {first}/specialisation/{name}").strip()
    for name in ("box-with-health", "box-broken")
)
PYTHON = box.succeed(
    "systemctl show -P ExecStart hearth-hub.service | grep -o 'path=[^ ;]*' | cut -d = -f 2"
).strip()
upload(token, "family", "family.ics", CALENDAR)
upload(token, "finance", "landlord.txt", LETTER)
before = answer(ask(token, "family", "What is on tomorrow?", "a" * 32))
assert "Chimney sweep" in before, before
heads = json.loads(
    python(
        "import json; from hearth.store.revisions import head; print(json.dumps({s: head(s) for s in ('pod', 'hub')}))"
    )
)
source = python("import hearth; print(hearth.__path__[0])")
later("/var/lib/hearth-next", source, "9001", heads)
later(
    "/var/lib/hearth-broken", "/var/lib/hearth-next/hearth", "9002", dict.fromkeys(TABLES, "9001")
)
box.wait_for_unit("hearth-health.service")
generation = box.succeed(GENERATION)

with subtest("what cannot be had, and an update without a backup, change nothing"):
    status, said = update(NEXT, "--yes")
    assert status == 6, (status, said)
    assert "there is none" in said, said
    assert "hearth backup run" in said, (status, said)
    assert record()[0]["outcome"] == "refused", record()
    box.succeed("systemctl start hearth-backup.service")
    status, said = update(f"{NEXT}-not-there", "--yes")
    assert status == 6, (status, said)
    assert "hearth-difference" in said, (status, said)
    assert box.succeed(NOW).strip() == first
    assert box.succeed(GENERATION) == generation

with subtest("the difference is shown, and asked about"):
    said = " ".join(box.succeed(f"echo n | {HEARTH} update run {NEXT} 2>&1").split())
    for words in ("+[pods.health]", "hearth-hub.service", "Nothing was changed."):
        assert words in said, said
    assert box.succeed(NOW).strip() == first
    assert box.succeed(GENERATION) == generation

with subtest("a stick whose update nobody on the list has signed changes nothing"):
    box.succeed(
        f"mkdir /root/stick && {NIX}/nix-store --export $({NIX}/nix-store -qR {NEXT}) > {STICK}",
        *(f"ssh-keygen -q -t ed25519 -N '' -f /root/{name}" for name in ("maker", "stranger")),
    )
    sign("maker")
    status, said = update(STICK, "--yes")
    assert (status, "nobody may sign updates for this machine" in said) == (2, True), said
    # As services.hearth.updates.allowedSigners has it.
    box.succeed(
        'echo "maker@example.org namespaces=\\"hearth-update\\" $(cat /root/maker.pub)" > /etc/hearth/allowed_signers'
    )
    sign("stranger")
    status, said = update(STICK, "--yes")
    assert (status, "signed by nobody on the list" in said) == (5, True), said
    sign("maker")
    box.succeed(f"cp {STICK} /root/good && echo more >> {STICK}")
    status, said = update(STICK, "--yes")
    assert (status, "not what maker@example.org has signed" in said) == (7, True), said
    box.succeed(f"mv /root/good {STICK}")
    assert box.succeed(NOW).strip() == first
    assert box.succeed(GENERATION) == generation

with subtest("the next version, from a stick: another pod, another schema, and all that was there"):
    # Where no other version holds it, the box has it from nowhere else.
    if not set(box.succeed(f"{NIX}/nix-store -q --referrers {NEXT} 2> /dev/null").split()) - {NEXT}:
        box.succeed(f"{NIX}/nix-store --delete --ignore-liveness {NEXT}")
        box.fail(f"test -e {NEXT}")
    kept, seen = runs(ALWAYS), house(token)
    hub = runs(["hearth-hub"])
    status, said = update(STICK, "--yes")
    assert status == 0, (status, said)
    assert "by maker@example.org" in said, said
    assert "The new version is well." in said, (status, said)
    assert box.succeed(NOW).strip() == NEXT
    assert box.succeed("readlink -f /nix/var/nix/profiles/system").strip() == NEXT
    assert box.succeed("readlink -f /var/lib/hearth/healthy").strip() == NEXT
    assert runs(ALWAYS) == kept, (runs(ALWAYS), kept)
    assert runs(["hearth-hub"]) != hub
    PODS.append("health")
    PROGRAMS.append("pod-health")
    ready()
    told = revisions()
    assert set(told.values()) == {"revision 9001"}, told
    assert len(told) == 5, told
    assert house(token) == seen, (house(token), seen)

with subtest("the databases were copied before the switch"):
    result, folder = record()
    steps = [step["name"] for step in result["steps"]]
    wanted = ["signature", "bring", "backup", "difference", "databases", "switch", "health"]
    assert steps == wanted, steps
    box.fail(f"ls {folder}/update")
    stood = python(COPIES, f"{folder}/databases")
    wanted = {f"pod-{pod}.sqlite3": heads["pod"] for pod in PODS[:3]} | {
        "hub.sqlite3": heads["hub"]
    }
    assert json.loads(stood) == wanted, stood

with subtest("the new pod answers over HTTPS"):
    token = sign_in()
    upload(token, "health", "family.ics", CALENDAR)
    said = answer(ask(token, "health", "What is on tomorrow?", "b" * 32))
    assert "Chimney sweep" in said, said
    healthy()

with subtest("a version that is not well is taken back, and no message that it took is lost"):
    generation = box.succeed(GENERATION)
    kept = runs(ALWAYS + LATER)
    box.succeed(
        "systemd-run --unit=judged -p StandardOutput=file:/root/judged -p StandardError=file:/root/judged "
        f"-p Type=exec $(command -v hearth) update run {BROKEN} --yes --config /etc/hearth/hearth.toml"
    )
    by_broken = 0
    while box.get_unit_property("judged.service", "ActiveState") in {"active", "activating"}:
        if by_broken < 2 and judged() and accept():
            # Only what was there before and after has acknowledged it.
            by_broken += judged()
            assert not accept("study"), "the pod that never answers has acknowledged a question"
        client.execute("sleep 1")
    assert by_broken, accepted
    said = " ".join(box.succeed("cat /root/judged").split())
    assert box.get_unit_property("judged.service", "ExecMainStatus") == "6", said
    assert "the update failed and the old version runs again" in said, said
    assert "study" in said, said
    result, _ = record()
    steps = [(step["name"], step["ok"]) for step in result["steps"]]
    assert result["outcome"] == "rolled back", result
    assert steps[-4:] == [
        ("switch", True),
        ("health", False),
        ("rollback", True),
        ("health of the old version", True),
    ], steps
    box.succeed("systemctl reset-failed judged.service")

with subtest("the old version runs as before, on the new schema"):
    ready()
    assert box.succeed(NOW).strip() == NEXT
    assert box.succeed(GENERATION) == generation
    assert runs(ALWAYS + LATER) == kept, (runs(ALWAYS + LATER), kept)
    told = revisions()
    assert set(told.values()) == {"revision 9002"}, told
    assert len(told) == 5, told
    all_answered()
    assert json.loads(curl("/api/v1/pods/study/documents", token=token)) == []
    healthy()

with subtest("a box that starts with a version that is not well falls back by itself"):
    # As `nixos-rebuild boot` and a power cut would have it.
    box.succeed(f"{NIX}/nix-env --profile /nix/var/nix/profiles/system --set {BROKEN}")
    box.succeed(f"{BROKEN}/bin/switch-to-configuration boot")
    box.crash()
    box.start()
    assert box.succeed(FIRST).strip() == BROKEN
    taken = len(accepted)
    box.wait_for_unit("caddy.service")
    retry(lambda _: accept(), 60)
    box.wait_for_shutdown()
    box.start()
    ready()
    assert box.succeed(FIRST).strip() == NEXT == box.succeed(NOW).strip()
    said = box.succeed("journalctl -b -1 --no-pager -o cat -u hearth-health -u hearth-fallback")
    assert "study" in said, said
    assert "Not well after the start: going back to generation" in said, said
    assert len(accepted) > taken
    all_answered()
    box.wait_for_unit("hearth-health.service")
    healthy()
