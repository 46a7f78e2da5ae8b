# A calendar of another machine reaches a pod that has no network; and what fetches it reaches nothing
# else, however the other side behaves.
WORD = "a1b2c3d4e5f6-whoever-has-it-reads-the-calendar"
UNIT = "hearth-connector-family-school"
USER = UNIT  # short enough to be a user's name
INBOX = "/mnt/data/inbox/family/school"
FEED = f"/srv/feed/{WORD}/school.ics"


def feed(text):
    """Have the client serve this as the calendar."""
    client.succeed(
        f"mkdir -p $(dirname {FEED}); printf %s {shlex.quote(text)} > {FEED}.new; mv {FEED}.new {FEED}"
    )


def fetch(unit=UNIT):
    """One look, and what it saw and did."""
    box.succeed(f"systemctl start {unit}.service")
    pod, name = unit.removeprefix("hearth-connector-").split("-")
    return json.loads(box.succeed(f"cat /mnt/data/inbox/{pod}/{name}/.sync.json"))


def events_of(pod="family"):
    return json.loads(box.succeed(f"{HEARTH} pod status {pod} --json"))["events"]


def tomorrow(turn):
    """What the family pod says of tomorrow, and from where it knows."""
    told = ask(token, "family", "What is on tomorrow?", turn * 32)
    return answer(told), [data["citation"]["source"] for kind, data in told if kind == "citation"]


start_all()
ready()
client.wait_for_unit("multi-user.target")
# From here on it looks when it is told to, and not in the midst of what is counted.
box.succeed(f"systemctl is-active {UNIT}.timer", "systemctl stop 'hearth-connector-*.timer'")
trust()
token = sign_in()
there = address_of(client)

with subtest("another machine serves a calendar, with tags and a certificate of its own authority"):
    feed(CALENDAR)
    site = f"""{{
  admin off
  default_sni {there}
  skip_install_trust
  auto_https disable_redirects
}}
https://{there}:8443 {{
  tls internal
  root * /srv/feed
  file_server
  log {{
    output file /srv/access.log
  }}
}}
"""
    client.succeed(
        f"printf %s {shlex.quote(site)} > /srv/Caddyfile",
        "systemd-run --quiet --unit=feed --setenv=HOME=/srv/home "
        '"$(command -v caddy)" run --adapter caddyfile --config /srv/Caddyfile',
    )
    root = "/srv/home/.local/share/caddy/pki/authorities/local/root.crt"
    client.wait_until_succeeds(
        f"curl -sf --cacert {root} https://{there}:8443/{WORD}/school.ics", timeout=120
    )
    url = f"https://{there}:8443/{WORD}/school.ics"
    box.succeed(
        f"umask 077; printf '%s\\n' {url} > /var/lib/school-calendar",
        # An authority that is not this one's: the box's own.
        f"printf %s {shlex.quote(client.succeed('cat /root/ca.crt'))} > /var/lib/school-authority.crt",
        "chmod 644 /var/lib/school-authority.crt",
    )

with subtest("a certificate that nobody vouches for is refused"):
    [failure] = fetch()["failed"]
    assert "certificate that is not trusted" in failure["message"], failure
    assert box.succeed(f"ls {INBOX}") == ""

with subtest("with the authority's certificate the calendar comes, and the pod answers from it"):
    certificate = client.succeed(f"cat {root}")
    box.succeed(f"printf %s {shlex.quote(certificate)} > /var/lib/school-authority.crt")
    state = fetch()
    assert (state["seen"], state["added"], state["failed"]) == (1, 1, []), state
    box.wait_until_succeeds(
        f"{HEARTH} pod status family --json | grep -q '\"events\": 1'", timeout=120
    )
    text, sources = tomorrow("a")
    assert "Chimney sweep" in text, text
    assert sources == ["school.ics"], sources
    assert events_of("study") == 0

with subtest("the next look asks only whether there is anything new"):
    state = fetch()
    assert (state["seen"], state["added"], state["changed"]) == (1, 0, 0), state
    client.succeed("tail -n 1 /srv/access.log | grep -F '\"status\":304'")

with subtest("by its timer it follows what changes, and forgets what was deleted"):
    box.succeed(
        f"mkdir -p /run/systemd/system/{UNIT}.timer.d",
        "printf '[Timer]\\nOnUnitActiveSec=\\nOnUnitActiveSec=2s\\nRandomizedDelaySec=0\\nAccuracySec=1s\\n'"
        f" > /run/systemd/system/{UNIT}.timer.d/often.conf",
        f"systemctl daemon-reload && systemctl restart {UNIT}.timer",
    )
    feed(CALENDAR.replace("chimney@", "piano@").replace("Chimney sweep", "Piano tuner"))
    box.wait_until_succeeds(f"grep -q 'Piano tuner' {INBOX}/school.ics", timeout=120)
    box.succeed(
        f"rm -r /run/systemd/system/{UNIT}.timer.d",
        f"systemctl stop {UNIT}.timer; systemctl daemon-reload",
    )
    box.wait_until_succeeds(
        f"{HEARTH} ask 'What is on tomorrow?' --pod family | grep -q 'Piano tuner'", timeout=120
    )
    text, sources = tomorrow("b")
    assert "Piano tuner" in text, text
    assert "Chimney" not in text, text

with subtest("a page to sign in, and nothing at all, leave the last copy in use, and say so"):
    before = box.succeed(f"sha256sum {INBOX}/school.ics")
    feed("<!doctype html><title>Sign in</title>")
    [failure] = fetch()["failed"]
    assert "is not a calendar" in failure["message"], failure
    client.succeed(f"rm {FEED}")
    state = fetch()
    assert "HTTP 404" in state["failed"][0]["message"], state
    assert box.succeed(f"sha256sum {INBOX}/school.ics") == before
    shown = box.succeed(f"{HEARTH} pod status family")
    assert "HTTP 404" in shown, shown
    assert "Piano tuner" in tomorrow("c")[0]

with subtest("where the household's own network is closed to it, nothing of that is reached"):
    [failure] = fetch("hearth-connector-study-school")["failed"]
    assert "cannot be reached" in failure["message"] or "in time" in failure["message"], failure
    seen = client.succeed("wc -l < /srv/access.log")
    feed(CALENDAR)
    fetch("hearth-connector-study-school")
    assert client.succeed("wc -l < /srv/access.log") == seen
    assert fetch()["failed"] == []

# In the walls of a unit, by its own interpreter: each line is a thing that was tried.
PROBE = """
import json, os, socket, sys
said = {}
def attempt(name, do):
    try:
        do()
        said[name] = "ok"
    except OSError as error:
        said[name] = os.strerror(error.errno) if error.errno else str(error)
def connected(path):
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(path)
def written(path):
    open(path, "x").close()
    os.unlink(path)
def sent(where):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as way:
        way.settimeout(3)
        way.connect(where)
own = os.environ["OWN"]
for path in ("/mnt/data/pods", "/mnt/data/pods/family", "/mnt/data/hub", "/mnt/data/knowledge",
             "/mnt/data/inbox/study", "/run/hearth", "/run/credentials/hearth-hub.service",
             "/var/lib/hearth/credentials", "/var/lib/school-calendar", "/run/systemd/private"):
    attempt(f"see {path}", lambda: os.listdir(path) if os.path.isdir(path) else open(path).close() or os.stat(path))
for path in ("/mnt/data", "/mnt/data/inbox", "/mnt/data/inbox/family", "/etc", "/var/lib", "/tmp", own):
    attempt(f"write {path}", lambda: written(f"{path}/probe"))
for path in ("/run/hearth/hub/web.sock", "/run/hearth/pod-family/hub.sock", "/run/dbus/system_bus_socket"):
    attempt(f"connect {path}", lambda: connected(path))
for port in (9090, 8421, 8443):
    attempt(f"loopback {port}", lambda: sent(("127.0.0.1", port)))
attempt("there", lambda: sent((os.environ["THERE"], 8443)))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close())
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())
said["inbox"] = sorted(os.listdir("/mnt/data/inbox"))
said["credentials"] = sorted(os.listdir(os.environ["CREDENTIALS_DIRECTORY"]))
print(json.dumps(said))
"""

with subtest("what fetches sees one folder, and reaches neither the box's programs nor their data"):
    [python] = {
        line.partition("=")[2].split()[0]
        for line in box.succeed(f"systemctl cat {UNIT}").splitlines()
        if line.startswith("ExecStart=")
    }
    lines = "\\n".join(
        [
            "[Service]",
            "ExecStart=",
            f"ExecStart={python} -",
            "StandardInput=file:/run/probe.py",
            "StandardOutput=truncate:/run/probe.json",
            f"Environment=OWN={INBOX} THERE={there}",
            "",
        ]
    )
    box.succeed(
        f"printf %s {shlex.quote(PROBE)} > /run/probe.py",
        f"mkdir -p /run/systemd/system/{UNIT}.service.d",
        f"printf '{lines}' > /run/systemd/system/{UNIT}.service.d/probe.conf",
        f"systemctl daemon-reload && systemctl start {UNIT}.service",
        f"rm -r /run/systemd/system/{UNIT}.service.d && systemctl daemon-reload",
    )
    tried = json.loads(box.succeed("cat /run/probe.json"))
    assert tried.pop("inbox") == ["family"], tried
    assert tried.pop("credentials") == ["connector-family-school"], tried
    allowed = {"write /tmp", f"write {INBOX}", "there"}
    went = {name for name, result in tried.items() if result == "ok"}
    assert went == allowed, tried
    # The same ports answer to who has no such walls.
    box.succeed("timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9090'")
    box.succeed("timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8421'")

with subtest("the inbox is the connector's to write, the pod's to read, and nobody else's"):

    def as_user(user, command):
        return f"setpriv --reuid {user} --regid {user} --clear-groups {command}"

    for user in ["hearth-pod-study", "hearth-hub", "hearth-connector-study-school", "caddy"]:
        box.fail(as_user(user, f"cat {INBOX}/school.ics"))
    box.succeed(as_user("hearth-pod-family", f"cat {INBOX}/school.ics"))
    box.fail(as_user("hearth-pod-family", f"touch {INBOX}/probe"))
    box.fail(as_user("hearth-pod-family", f"cat {INBOX}/.state.json"))
    box.fail(as_user(USER, "ls /mnt/data/pods/family"))
    pid = box.get_unit_property("hearth-pod-family.service", "MainPID")
    seen = f"/proc/{pid}/root{INBOX}"
    box.succeed(f"cat {seen}/school.ics")
    assert "Read-only" in box.fail(f"touch {seen}/probe 2>&1")
    other = box.get_unit_property("hearth-pod-study.service", "MainPID")
    box.succeed(f"ls /proc/{other}/root/mnt/data/inbox/study")
    box.fail(f"ls /proc/{other}/root/mnt/data/inbox/family")
    links = box.succeed(f"nsenter -t {pid} -n ip -o link").splitlines()
    assert [link.split(": ")[1] for link in links] == ["lo"], links

with subtest("the address stands in no process, journal, unit, or file that others read"):
    grep = "grep -aF -f /root/looked-for"
    box.succeed(f"umask 077; echo {WORD} > /root/looked-for")
    watch = "for n in $(seq 60); do cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; sleep 0.05; done"
    box.succeed(
        f"({watch}) > /root/processes 2> /dev/null & "
        f"for n in 1 2 3; do systemctl start {UNIT}.service; done; wait"
    )
    box.succeed("grep -aqF hearth.services.connector /root/processes")
    box.fail(f"{grep} /root/processes")
    for place in (
        "journalctl -o export --all",
        "systemctl show --all '*'",
        f"cat {INBOX}/.sync.json {INBOX}/.state.json",
        "cat /etc/hearth/hearth.toml",
    ):
        box.fail(f"{place} | {grep}")
    box.fail(
        "grep -rlasF -f /root/looked-for /etc/systemd /run/systemd/system /mnt/data/pods /mnt/data/hub"
    )
    # What is planted is found.
    box.succeed("logger -t planted < /root/looked-for")
    box.wait_until_succeeds(f"journalctl -o export --all | {grep}", timeout=20)
    box.succeed(f"{grep} /var/lib/school-calendar")

healthy()
