# Backups go to another machine, by SFTP and by rclone: who is let in there and who is not, what is said
# when it is gone or is another, and how a new box gets everything back with the paper alone.
import time

REPOSITORY = "sftp:hearth@client:/srv/backups/hearth"
SERVER = """Port 22
HostKey /srv/nas/key
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile /srv/nas/allowed
Subsystem sftp internal-sftp
LogLevel VERBOSE
"""
UNIT = "[Service]\\nExecStart=%s -D -e -f /srv/nas/config\\n"
BACKUP = "systemctl start hearth-backup.service"
DAV = {
    "RCLONE_CONFIG_NAS_TYPE": "webdav",
    "RCLONE_CONFIG_NAS_URL": "http://client:8080",
    "RCLONE_CONFIG_NAS_VENDOR": "other",
    "RCLONE_CONFIG_NAS_USER": "hearth",
}
# What a unit reaches: an address and a port each, tried from inside its walls.
REACH = """
import errno, json, socket, sys
said = {}
for host, port in json.loads(sys.argv[1]):
    try:
        socket.create_connection((host, port), 5).close()
        said[f"{host} {port}"] = "ok"
    except OSError as error:
        said[f"{host} {port}"] = errno.errorcode.get(error.errno, str(error))
print(json.dumps(said))
"""


def serve():
    """The other machine's server, started anew."""
    client.succeed(
        f'printf {shlex.quote(UNIT)} "$(command -v sshd)" > /run/systemd/system/nas.service',
        "systemctl daemon-reload; systemctl restart nas.service",
    )
    client.wait_for_open_port(22)


def new_key():
    """A key for the server, as one that was just installed has it; its fingerprint."""
    client.succeed("rm -f /srv/nas/key*; ssh-keygen -q -t ed25519 -N '' -f /srv/nas/key")
    return client.succeed("ssh-keygen -lf /srv/nas/key").split()[1]


def refused():
    """Why the backup failed, as the household is told."""
    began = time.monotonic()
    box.fail(BACKUP)
    assert time.monotonic() - began < 100
    why = json.loads(box.succeed("cat /mnt/data/backups/backup.json"))["failure"]["why"]
    assert why.partition(". ")[0] in journal("hearth-backup"), journal("hearth-backup")
    assert "hearth_backup_ok 0.0" in box.succeed("cat /var/lib/hearth-metrics/hearth_backup.prom")
    assert why in " ".join(box.execute(f"{HEARTH} status")[1].split())
    return why


def backups():
    """What the repository has, by the ids."""
    return [one["id"] for one in json.loads(box.succeed(f"{HEARTH} backup list --json"))["backups"]]


def printed():
    """The kit's lines, as a person types them: to the empty line after the first."""
    said = box.succeed(f"{HEARTH} backup kit")
    return said[said.index("Box: ") :].split("\n\n")[0].splitlines()


def restore(lines, options=""):
    return f"printf '%s\\n' {shlex.join(lines)} | {HEARTH} restore --kit - {options}"


def changed(lines, name, value):
    """The kit with another value on one of its lines."""
    return [f"{name}: {value}" if line.startswith(f"{name}: ") else line for line in lines]


versions = {}


def update(name):
    """Set the box up in another way, as `hearth update run /etc/nixos` would."""
    if not versions:  # the one that the box came with knows them all
        folder = "/run/booted-system/specialisation"
        for other in box.succeed(f"ls {folder}").split():
            versions[other] = box.succeed(f"readlink -f {folder}/{other}").strip()
    box.succeed(f"{HEARTH} update run {versions[name]} --yes --without-backup 2>&1")
    ready()


box.start()
client.start()
ready()
client.wait_for_unit("multi-user.target")
trust()
client.succeed(
    "useradd --create-home -p '*' -s /bin/sh hearth",
    "install -d -o hearth -m 0700 /srv/backups && mkdir -p /srv/nas /run/sshd && touch /srv/nas/allowed",
    f"printf %s {shlex.quote(SERVER)} > /srv/nas/config",
)
fingerprint = new_key()
serve()

with subtest("a house in use"):
    token = sign_in()
    upload(token, "family", "family.ics", CALENDAR)
    upload(token, "finance", "landlord.txt", LETTER)
    box.succeed("echo recipes > /mnt/data/knowledge/recipes.txt")
    documents = curl("/api/v1/pods/family/documents", token=token)

with subtest("until somebody has said who the other machine is, nothing goes there"):
    why = refused()
    assert "nobody has said yet how client is told from another machine" in why, why
    assert "`hearth backup trust`" in why, why
    assert "nobody has said yet" in box.fail(f"{HEARTH} backup init 2>&1")
    assert "does not show the key" in box.fail(
        f"{HEARTH} backup trust --fingerprint SHA256:{'A' * 43} 2>&1"
    )
    said = box.fail(f"echo n | {HEARTH} backup trust")
    assert fingerprint in said, said
    assert "nobody has said yet" in refused()

with subtest("a person compares its key, and lets the box in"):
    said = box.succeed(f"echo y | {HEARTH} backup trust")
    assert f"client is known by {fingerprint}." in said, said
    said = box.fail(f"{HEARTH} backup init 2>&1")
    assert "lets nobody in with this key" in said, said
    assert "`hearth backup key` prints the line" in said, said
    line = box.succeed(f"{HEARTH} backup key").strip()
    assert line.startswith("ssh-ed25519 "), line
    assert " hearth-backup@" in line, line
    allowed = f'restrict,command="internal-sftp" {line}'
    client.succeed(f"printf '%s\\n' {shlex.quote(allowed)} > /srv/nas/allowed")
    assert "made." in box.succeed(f"{HEARTH} backup init")

with subtest("the backup goes there, behind its walls, and a drill proves it"):
    box.succeed(BACKUP)
    held = manifests()
    status = json.loads(box.succeed(f"{HEARTH} backup status --json"))["backup"]
    assert status["failure"] is None, status
    assert not status["same_disk"], status
    first = backups()
    assert len(first) == 1, first
    client.succeed("test -s /srv/backups/hearth/config")
    client.fail("grep -rq 'Chimney sweep' /srv/backups")
    box.succeed("systemctl start hearth-drill.service")
    assert "hearth_drill_ok 1.0" in box.succeed("cat /var/lib/hearth-metrics/hearth_drill.prom")

with subtest("the key lies sealed, and no run leaves it behind"):
    box.succeed("test -s /var/lib/hearth/credentials/backup-login")
    box.succeed('test -z "$(find /dev/shm /tmp /var/tmp -name "hearth-login*")"')
    kit = printed()
    names = ["Box", "Repository", "Password", "Login key", "Server key"]
    assert [one.partition(": ")[0] for one in kit] == names, kit
    assert kit[1] == f"Repository: {REPOSITORY}", kit
    assert kit[4] == f"Server key: {fingerprint}", kit
    box.fail(f"journalctl -b | grep -qF {kit[3].partition(': ')[2]}")

with subtest("who is not the backup reaches nothing there, and the backup nothing else"):
    there = address_of(client)
    client.succeed(
        "systemd-run --quiet --unit=other python3 -m http.server --directory /srv/backups 8080"
    )
    client.wait_for_open_port(8080)
    places = [[there, 22], [there, 8080], ["127.0.0.1", 9090]]
    closed = {"EPERM", "ENETUNREACH", "EAFNOSUPPORT", "EACCES", "EHOSTUNREACH", "timed out"}
    for unit in ("hearth-pod-family", "hearth-hub", "hearth-snapshot-pod-family", "prometheus"):
        seen = inside(unit, REACH, places[:2])
        assert set(seen.values()) <= closed, (unit, seen)
    seen = inside("hearth-backup", REACH, places)
    assert seen.pop(f"{there} 22") == "ok", seen
    assert set(seen.values()) <= closed, seen
    leave()
    # The same places answer to who has no such walls.
    box.succeed(f"timeout 3 bash -c 'exec 3<>/dev/tcp/{there}/8080'")
    box.succeed("timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9090'")
    client.succeed("systemctl stop other.service")

with subtest("another machine in its place is refused, and what to do is said"):
    fingerprint = new_key()
    serve()
    why = refused()
    assert "does not show the key that it is known by" in why, why
    assert "If it was installed anew, `hearth backup trust` shows its new key" in why, why
    assert client.succeed("ls /srv/backups/hearth/snapshots").split() == first
    box.succeed(f"{HEARTH} backup trust --fingerprint {fingerprint}")
    box.succeed(BACKUP)

with subtest("a server that is stopped, and one whose cable is pulled, fail the backup in time"):
    client.succeed("systemctl stop nas.service")
    why = refused()
    assert "the other machine does not answer: " in why, why
    assert "Connection refused" in why, why
    client.block()
    why = refused()
    assert "the other machine does not answer: " in why, why
    client.unblock()
    serve()
    box.succeed(BACKUP)
    status = json.loads(box.succeed(f"{HEARTH} backup status --json"))["backup"]
    assert status["failure"] is None, status
    healthy()

with subtest("the box is lost: a new one, as it comes, looks with the paper alone"):
    held, kit, before = manifests(), printed(), backups()
    box.crash()
    box = newbox
    box.start()
    ready()
    box.succeed(restore(kit, "--into /mnt/data/look"))
    box.succeed("test -s /mnt/data/look/pods/family/pod.sqlite3")
    assert box.succeed("cat /mnt/data/look/mnt/data/knowledge/recipes.txt").strip() == "recipes"

with subtest("set up for the same repository, it does not get in by itself"):
    update("box-with-sftp")
    assert box.succeed(f"{HEARTH} backup key").split()[1] != line.split()[1]
    assert "nobody has said yet" in refused()

with subtest("what was copied wrong from the paper is told from what is wrong there"):
    box.succeed(STOP)
    key = kit[3].partition(": ")[2]
    slip = ("b" if key[0] == "a" else "a") + key[1:]
    said = box.fail(restore(changed(kit, "Login key", slip)) + " 2>&1")
    assert "the login key is not as it was printed" in said, said
    said = box.fail(restore(changed(kit, "Server key", f"SHA256:{'A' * 43}")) + " 2>&1")
    assert f"It shows {fingerprint}." in said, said
    assert "does not say: server key" in box.fail(restore(kit[:4]) + " 2>&1")
    box.fail("ls -d /mnt/data/*.before-restore-*")

with subtest("the paper brings everything back, typed in capitals and with blanks too"):
    said = box.succeed(restore(changed(kit, "Login key", key.upper().replace("-", " "))))
    assert f"Backups go on in {REPOSITORY}." in said, said
    # Where the paper has no key, the box's own serves, which the other machine was given.
    box.succeed(restore(kit[:3]))
    box.succeed(f"{HEARTH} backup snapshot")
    assert manifests() == held, (manifests(), held)
    box.reboot()
    ready()
    trust()
    assert curl("/api/v1/pods/family/documents", token=token) == documents
    said = answer(ask(token, "family", "What is on tomorrow?", "a" * 32))
    assert "Chimney sweep" in said, said

with subtest("nothing has to be done at the other machine: the new box is let in as the old one"):
    assert box.succeed(f"{HEARTH} backup key").split()[:2] == line.split()[:2]
    box.succeed(BACKUP)
    assert printed()[1:] == kit[1:], (printed(), kit)
    # The old one's stay where the new box has another name; else its own of today replaces them.
    assert not set(backups()) <= set(before), (before, backups())
    healthy()

with subtest("by rclone: a remote that the environment describes"):
    client.succeed(
        "install -d -o hearth /srv/dav",
        "systemd-run --quiet --unit=dav --uid=hearth rclone serve webdav /srv/dav"
        " --addr :8080 --user hearth --pass correct-horse",
    )
    client.wait_for_open_port(8080)
    DAV["RCLONE_CONFIG_NAS_PASS"] = client.succeed("rclone obscure correct-horse").strip()
    lines = "".join(f"{name}={value}\n" for name, value in DAV.items())
    box.succeed(
        "mkdir -p /run/secrets",
        f"umask 077; printf %s {shlex.quote(lines)} > /run/secrets/backup-environment",
    )
    update("box-with-rclone")
    assert "made." in box.succeed(f"{HEARTH} backup init")
    box.succeed(BACKUP)
    held = manifests()
    assert len(backups()) == 1, backups()
    client.succeed("test -s /srv/dav/hearth/config")
    box.succeed("systemctl start hearth-drill.service")

with subtest("its kit opens it too, and a server that is gone is named"):
    kit = printed()
    assert kit[3:] == [f"Environment: {name}={value}" for name, value in DAV.items()], kit
    box.succeed(restore(kit, "--into /mnt/data/again"))
    box.succeed("test -s /mnt/data/again/pods/family/pod.sqlite3")
    client.succeed("systemctl stop dav.service")
    why = refused()
    assert "the other machine does not answer: " in why, why
    box.succeed("systemctl reset-failed hearth-backup.service")
    healthy()
