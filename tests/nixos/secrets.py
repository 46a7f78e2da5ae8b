# What must stay secret is nowhere that it does not belong: not in the store, not in a unit, not in
# the journal, not in a process, not in a file that others read. Each search must find what is planted.
import base64
import hashlib
from secrets import token_urlsafe

start_all()
ready()
client.wait_for_unit("multi-user.target")
trust()

STORE = "/var/lib/hearth/credentials"
FOUND = "/root/secrets"  # what is looked for, a line each
KEYS = [f"grant-key-{pod}" for pod in PODS]


def look(secret):
    """Look for a text, or for bytes as text is made of them."""
    raw = secret.encode() if isinstance(secret, str) else secret
    forms = {
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }
    if isinstance(secret, str):
        forms.add(secret)
    box.succeed(f"umask 077; printf '%s\\n' {shlex.join(sorted(forms))} >> {FOUND}")


def where(*commands):
    """What of these commands' lines holds a secret."""
    return [line for command in commands for line in box.execute(command)[1].splitlines() if line]


GREP = f"grep -aF -f {FOUND}"
PLACES = {
    "the store": f"grep -rlasF --exclude=*.gguf --exclude=*.safetensors -f {FOUND} /nix/store",
    "a unit file": f"grep -rlasF -f {FOUND} /etc/systemd /run/systemd/system /run/systemd/transient /run/systemd/generator",
    "a unit": f"systemctl show --all '*' | {GREP}",
    "the journal": f"journalctl -o export --all | {GREP}",
    "an environment": f"cat /proc/[0-9]*/environ 2>/dev/null | {GREP}",
    "a command line": f"cat /proc/[0-9]*/cmdline 2>/dev/null | {GREP}",
    # As somebody who has no right to anything; the models' weights are gigabytes that all may read.
    "a file that all read": f"setpriv --reuid 65534 --regid 65534 --clear-groups grep -rlasF --exclude-dir=models --devices=skip -f - /etc /run /tmp /mnt/data /var < {FOUND}",
    # As root: what the programs keep. The journal is looked through above.
    "the data": f"grep -rlasF --exclude-dir=models --devices=skip -f {FOUND} /mnt/data /var/lib /var/cache",
}


def found():
    """Where a secret lies, by the name of the place."""
    return {place: lines for place, command in PLACES.items() if (lines := where(command))}


with subtest("the secrets of a house that is used"):
    token = sign_in()
    look(token)
    cookies = client.succeed("cat /root/cookies")
    [session] = [line.split("\t")[6] for line in cookies.splitlines() if line.count("\t") == 6]
    look(session)
    for name in [*KEYS, "backup-password"]:
        code = f"systemd-creds decrypt --name={name} {STORE}/{name} - | base64 -w0"
        secret = base64.b64decode(box.succeed(code))
        assert len(secret) >= 24, (name, len(secret))
        look(secret.decode() if name == "backup-password" else secret)
    # Somebody opens a link at the front door as well, and mistypes a password.
    link = json.loads(box.succeed(f"{HEARTH} link --json"))["url"]
    look(link.rpartition("/")[2])
    client.succeed(f"curl -s --cacert /root/ca.crt {link} -o /dev/null")
    # Drawn here: this text may itself lie in the store that a container sees.
    mistyped = token_urlsafe(24)
    look(mistyped)
    body = json.dumps({"login": "owner", "password": mistyped})
    client.fail(
        shlex.join(
            [
                "curl",
                "-sf",
                "--cacert",
                "/root/ca.crt",
                "-H",
                f"Origin: {URL}",
                "--json",
                body,
                f"{URL}/api/v1/sign-in",
            ]
        )
    )
    upload(token, "family", "family.ics", CALENDAR)
    assert "Chimney sweep" in answer(ask(token, "family", "What is on tomorrow?", "a" * 32))
    box.succeed("systemctl start hearth-backup.service")
    # A unit that fails says why.
    box.succeed("systemctl kill -s KILL hearth-hub.service hearth-pod-study.service")
    ready()

with subtest("they are nowhere else"):
    assert not found(), found()

with subtest("the same search finds what is planted"):
    box.succeed(
        f"head -n1 {FOUND} > /run/planted && chmod 644 /run/planted",
        "install -m 600 /run/planted /mnt/data/planted",
        "logger -t planted < /run/planted",
        'systemd-run --quiet --unit=planted --setenv=PLANTED="$(cat /run/planted)" '
        '"$(command -v sleep)" 600',
        'systemd-run --quiet --unit=planted-word "$(command -v bash)" -c "while sleep 1; do :; done # $(cat /run/planted)"',
    )
    box.wait_until_succeeds(f"journalctl -t planted -o cat | {GREP}", timeout=20)
    wanted = set(PLACES) - {"the store"}
    # The store of a machine proper is read-only.
    if (
        box.execute("systemd-detect-virt --container")[0] == 0
        and box.execute("cp /run/planted /nix/store/planted")[0] == 0
    ):
        wanted.add("the store")
    missed = wanted - set(found())
    assert not missed, missed
    box.succeed(
        "systemctl stop planted planted-word",
        "rm -f /run/planted /mnt/data/planted /nix/store/planted",
    )

with subtest("a key is read by the units that it is for, and by nobody else"):
    owners = {f"hearth-pod-{pod}": [f"grant-key-{pod}"] for pod in PODS} | {"hearth-hub": KEYS}
    users = [*owners, "hearth-inference", "hearth-backup", "caddy", "nobody"]
    for unit, names in owners.items():
        folder = f"/run/credentials/{unit}.service"
        assert sorted(box.succeed(f"ls {folder}").split()) == sorted(names), unit
        for name in names:
            for user in users:
                reads = f"setpriv --reuid {user} --regid {user} --clear-groups cat {folder}/{name}"
                if user == "nobody":
                    reads = reads.replace("nobody", "65534")
                status = box.execute(f"{reads} > /dev/null")[0]
                assert (status == 0) == (user == unit), (unit, name, user, status)
    for user in ["hearth-hub", "hearth-pod-study", "hearth-backup"]:
        box.fail(f"setpriv --reuid {user} --regid {user} --clear-groups ls {STORE}")
    assert box.succeed(f"stat -c '%a %U' {STORE}").strip() == "700 root"

with subtest("the hub keeps hashes of what opens it"):
    for secret in [token, session]:
        hashed = hashlib.sha256(secret.encode()).hexdigest()
        box.succeed(f"grep -rlaF {hashed} /mnt/data/hub")

healthy()
