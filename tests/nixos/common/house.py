# What the scenarios share: every testScript begins with this file. `box` is the appliance, `client`
# a computer on its network; both come from the driver.
import json
import re
import shlex

NAME = "hearth.local"
URL = f"https://{NAME}"
PODS = ["family", "finance", "study"]
HEARTH = "HEARTH_CONFIG=/etc/hearth/hearth.toml hearth"
# As docs/recovery.md has it. Caddy knocks for Prometheus; a knock in the midst would cancel the stop.
STOP = (
    "systemctl stop caddy && systemctl stop 'hearth-*.timer' 'hearth-*.socket' 'hearth-*.service'"
)
PROGRAMS = ["hub", "inference", *(f"pod-{pod}" for pod in PODS)]

# Every day, so that "tomorrow" has it in any zone, and on both sides of a midnight.
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Hearth//Scenario//EN
BEGIN:VEVENT
UID:chimney@example.org
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260101T083000
DTEND;TZID=Europe/Berlin:20260101T090000
RRULE:FREQ=DAILY
SUMMARY:Chimney sweep
END:VEVENT
END:VCALENDAR
"""
LETTER = """Dear tenants,

the heating of the house will be serviced on Tuesday, 8 December 2026 between 8:00 and 12:00 by the
firm Keller. Please keep the radiators free.
"""


def ready(timeout=240):
    """Every program answers, and Caddy serves what stands behind it."""
    for program in PROGRAMS:
        box.wait_for_unit(f"hearth-{program}.service", timeout=timeout)
    box.wait_for_unit("caddy.service", timeout=60)
    box.wait_for_open_port(443, timeout=60)


def address_of(machine):
    """A machine's address on the network that all share."""
    [interface] = json.loads(machine.succeed("ip -j -4 addr show eth1"))
    return interface["addr_info"][0]["local"]


def trust():
    """The client takes the box's own authority from its page, as a person would."""
    address = address_of(box)
    # In place of mDNS, which no network of containers carries.
    names = "".join(f"resolve = {NAME}:{port}:{address}\n" for port in (80, 443))
    client.succeed(f"printf %s {shlex.quote(names)} > /root/.curlrc")
    client.wait_until_succeeds(
        f"curl -sf http://{NAME}/trust/hearth-root.crt -o /root/ca.crt", timeout=60
    )
    return address


def curl(path, *options, token=None):
    """curl from the client, over HTTPS with the box's authority and nothing else trusted."""
    bearer = ["-H", f"Authorization: Bearer {token}"] if token else []
    words = [
        "curl",
        "-sS",
        "--fail-with-body",
        "--cacert",
        "/root/ca.crt",
        *bearer,
        *options,
        f"{URL}{path}",
    ]
    return client.succeed(shlex.join(words))


def sign_in():
    """A token of the owner's for every pod, got with the one-time link of the box's console."""
    link = json.loads(box.succeed(f"{HEARTH} link --json"))["url"]
    assert link.startswith(f"{URL}/sign-in/"), link
    cookies = ["-b", "/root/cookies", "-c", "/root/cookies", "-H", f"Origin: {URL}"]
    body = json.dumps({"secret": link.rpartition("/")[2]})
    curl("/api/v1/sign-in/link", *cookies, "--json", body)
    wanted = {
        "name": "scenario",
        "pods": PODS,
        "rights": ["ask", "read", "propose", "confirm", "manage"],
    }
    return json.loads(curl("/api/v1/tokens", *cookies, "--json", json.dumps(wanted)))["secret"]


def upload(token, pod, name, text):
    """Give a pod a file through the front door."""
    client.succeed(f"printf %s {shlex.quote(text)} > /root/{name}")
    return json.loads(
        curl(f"/api/v1/pods/{pod}/documents", "-F", f"file=@/root/{name}", token=token)
    )


def put(token, pod, question, turn):
    """Accept a question, without waiting for its answer."""
    body = json.dumps({"id": turn, "text": question})
    return json.loads(curl(f"/api/v1/pods/{pod}/turns", "--json", body, token=token))


def events(token, pod, turn):
    """A turn's events to its end, as (kind, data)."""
    text = curl(f"/api/v1/pods/{pod}/turns/{turn}/events", "-N", "--max-time", "300", token=token)
    kinds = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("event: ")]
    data = [
        json.loads(line.partition(": ")[2])
        for line in text.splitlines()
        if line.startswith("data: ")
    ]
    return list(zip(kinds, data))


def ask(token, pod, question, turn):
    """A question's whole answer: its events."""
    return events(token, pod, put(token, pod, question, turn)["turn"])


def answer(told):
    """The text of the answer that a turn's events end with."""
    kind, data = told[-1]
    assert kind == "done", told[-1]
    return data["message"]["text"]


def contained():
    """Whether the machines are containers: no kernel, no disks, no boot loader of their own."""
    return box.execute("systemd-detect-virt --container")[0] == 0


def healthy():
    """No unit has failed."""
    failed = {
        line.split()[0]
        for line in box.succeed("systemctl --failed --plain --no-legend").splitlines()
    }
    if contained():  # there is no disk to ask for its health
        failed.discard("prometheus-smartctl-exporter.service")
    told = [box.succeed(f"journalctl -b --no-pager -n 20 -u {unit}") for unit in sorted(failed)]
    assert not failed, "\n".join(told)


# What a unit's probe is not given of the unit: what it runs, how it starts, and a folder in /run that
# would go with the probe.
NOT_PROBED = re.compile(
    r"(Type|Exec(Start|Stop|Reload|Condition)\w*|Remain\w+|Restart\w*|WatchdogSec|Timeout\w+"
    r"|SyslogIdentifier|NotifyAccess|PIDFile|BusName|RuntimeDirectory\w*|Standard\w+|SuccessAction)="
)


def settings(unit):
    """The lines of a unit's [Service] sections, drop-ins included."""
    lines, section = [], ""
    for line in box.succeed(f"systemctl cat {unit}.service").splitlines():
        section = line if line.startswith("[") else section
        if section == "[Service]" and "=" in line and not line.startswith("#"):
            lines.append(line)
    return lines


def interpreter():
    """The Python of the programs that have no model."""
    [start] = [line for line in settings("hearth-hub") if line.startswith("ExecStart=")]
    return start.partition("=")[2].split()[0]


def inside(unit, program, argument):
    """Run a Python program in the very walls of a unit; what it said, which must be JSON."""
    lines = [line for line in settings(unit) if not NOT_PROBED.match(line)]
    given = json.dumps(argument).replace("%", "%%").replace("$", "$$")
    text = "\n".join(
        ["[Service]", *lines, "Type=oneshot", "StandardInput=file:/run/probe/program"]
        + [f"StandardOutput=truncate:/run/probe/{unit}", "StandardError=journal"]
        + [f"ExecStart={interpreter()} - '{given}'", ""]
    )
    box.succeed(
        "mkdir -p /run/probe",
        f"printf %s {shlex.quote(program)} > /run/probe/program",
        f"printf %s {shlex.quote(text)} > /run/systemd/system/probe.service",
        "systemctl daemon-reload",
    )
    status, said = box.execute("systemctl start probe.service")
    assert status == 0, said + box.execute("journalctl -u probe --no-pager -n 40")[1]
    return json.loads(box.succeed(f"cat /run/probe/{unit}"))


def leave():
    """Take the probes away."""
    box.succeed(
        "rm -rf /run/probe /run/systemd/system/probe.service",
        "systemctl daemon-reload",
        "systemctl reset-failed",
    )


def models():
    """The processes of the models that hearth-inference has loaded, the largest first."""
    main = box.get_unit_property("hearth-inference.service", "MainPID")
    found = box.execute(f"ps --ppid {main} --sort=-rss -o pid=,args=")[1].splitlines()
    return [line.split()[0] for line in found if "hearth.services.model" in line]


def manifests():
    """What the newest copies say they hold: the rows of every table and the checksum of every file."""
    owners = ["hub", *(f"pod-{pod}" for pod in PODS)]
    texts = {
        owner: box.succeed(f"cat /mnt/data/snapshots/{owner}/current/manifest.json")
        for owner in owners
    }
    held = {owner: json.loads(text) for owner, text in texts.items()}
    return {
        owner: {
            "rows": {name: database["rows"] for name, database in one["databases"].items()},
            "files": {name: file["sha256"] for name, file in one["files"].items()},
        }
        for owner, one in held.items()
    }


def folders():
    """The household's own files: whose they are, what may be done with them, and what they say."""
    found = box.succeed("find /mnt/data/knowledge /mnt/data/outputs -type f").split()
    return {
        file: box.succeed(f"stat -c '%U %G %a' {file} && cat {file}").split()
        for file in sorted(found)
    }


def journal(unit):
    """What a unit said, in one line."""
    return " ".join(box.succeed(f"journalctl -b --no-pager -o cat -u {unit}").split())
