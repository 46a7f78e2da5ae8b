# A testScript: what `make bench-stack` measures on the booted box. Each figure is a line of its own.
import time

BACKUP = "systemctl start hearth-backup.service"


def row(name, value, unit):
    print(f"ROW {json.dumps([name, value, unit])}", flush=True)


def seconds(name, work):
    began = time.monotonic()
    result = work()
    row(name, time.monotonic() - began, "s")
    return result


def memory(unit):
    """Megabytes of a unit's processes, each page counted once among those who share it."""
    group = box.succeed(f"systemctl show --value -p ControlGroup {unit}").strip()
    script = f"for p in $(cat $(find /sys/fs/cgroup -path '*{group}/cgroup.procs') | sort -u); do grep -s '^Pss:' /proc/$p/smaps_rollup || true; done"
    return sum(int(line.split()[1]) for line in box.succeed(script).splitlines()) / 1000


def everything():
    script = "for p in /proc/[0-9]*; do grep -s '^Pss:' $p/smaps_rollup || true; done"
    return sum(int(line.split()[1]) for line in box.succeed(script).splitlines()) / 1000


began = time.monotonic()
start_all()
ready()
row("boot until every program is ready", time.monotonic() - began, "s")
trust()
token = sign_in()
upload(token, "family", "family.ics", CALENDAR)
told = ask(token, "family", "What is on tomorrow?", "a" * 32)
assert "Chimney sweep" in answer(told)
row("boot to the first answer, signed in from another computer", time.monotonic() - began, "s")

time.sleep(10)
row("memory of the whole box, idle", everything(), "MB")
for program in PROGRAMS:
    row(f"memory of hearth-{program}, idle", memory(f"hearth-{program}.service"), "MB")
row("memory of caddy, idle", memory("caddy.service"), "MB")

seconds("backup of a small household", lambda: box.succeed(BACKUP))
box.succeed(
    "systemctl stop 'hearth-*.service' 'hearth-*.socket'; rm -rf /mnt/data/pods/*/* /mnt/data/hub/*"
)
seconds("restore of a small household", lambda: box.succeed(f"{HEARTH} restore"))
box.succeed(
    "systemctl start 'hearth-*.socket' --all; systemctl start hearth-hub.service hearth-inference.service hearth-pod-{family,finance,study}.service"
)
ready()

new = box.succeed("readlink -f /run/booted-system/specialisation/box-with-health").strip()
PROGRAMS.append("pod-health")
began = time.monotonic()
box.succeed(f"{HEARTH} update run {new} --yes")
ready()
row(
    "update to a version with another pod, until every program is ready",
    time.monotonic() - began,
    "s",
)
