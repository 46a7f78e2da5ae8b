# The walls of every unit, tried from inside: what each may do stands here, and anything more fails. And
# nothing that lies in the household's folders can be run there. (`hardening` tries the settings.)
from fnmatch import fnmatch

start_all()
ready()

# One program that tries everything. Calls that would do harm are made with arguments that the kernel
# itself would refuse in another way: "Operation not permitted" is the wall's own answer.
PROBE = r"""
import ctypes, errno, json, mmap, os, shutil, socket, subprocess, sys
given, said = json.loads(sys.argv[1]), {}
libc = ctypes.CDLL(None, use_errno=True)

def attempt(name, do):
    try:
        value = do()
        said[name] = "ok" if value is None else value
    except (OSError, subprocess.SubprocessError) as error:
        said[name] = errno.errorcode.get(getattr(error, "errno", None), str(error))

# Numbers of system calls on x86-64.
def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def run(path):
    subprocess.run([path, "-c", "exit 0"], check=True)

def copied(folder):
    path = f"{folder}/copied"
    shutil.copyfile(given["program"], path)
    os.chmod(path, 0o700)
    try:
        run(path)
    finally:
        os.unlink(path)

def marked():
    path = f"{given['own'] or '/tmp'}/marked"
    os.close(os.open(path, os.O_CREAT))
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)

def made_executable():
    with mmap.mmap(-1, 4096) as page:
        place = ctypes.addressof(ctypes.c_char.from_buffer(page))
        if libc.mprotect(ctypes.c_void_p(place), 4096, 5) == -1:
            raise OSError(ctypes.get_errno(), "refused")

for family in ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"):
    attempt(family, lambda: socket.socket(getattr(socket, family), socket.SOCK_DGRAM).close())
for folder in ("/", "/etc", "/boot", "/var/lib", "/nix/store", "/run", "/sys/fs/cgroup", "/root"):
    attempt(f"write {folder}", lambda: os.rmdir(os.mkdir(f"{folder}/probe") or f"{folder}/probe"))
for setting in ("/proc/sys/kernel/domainname", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger"):
    attempt(f"change {setting}", lambda: open(setting, "r+").close())
for file in ("/proc/meminfo", "/proc/kmsg", "/proc/kcore", "/root/planted", "/tmp/planted"):
    attempt(f"read {file}", lambda: open(file, "rb").close())
for folder in given["folders"]:
    attempt(f"run in {folder}", lambda: run(f"{folder}/planted"))
for folder in (*given["folders"], "/tmp", "/dev/shm"):
    attempt(f"run own in {folder}", lambda: copied(folder))
for name, number, arguments in (
    ("mount", 165, (b"none", b"/tmp", b"no-such-type", 0, 0)),
    ("chroot", 161, (b"/no-such-place",)),
    ("ptrace", 101, (0x4200, 0x3FFFFF, 0, 0)),
    ("bpf", 321, (9999, 0, 0)),
    ("keyring", 250, (9999, 0, 0)),
    ("profile", 298, (0, 0, -1, -1, 0)),
    ("module", 175, (0, 0, b"")),
    ("reboot", 169, (0, 0, 0, 0)),
    ("swap", 167, (b"/no-such-place", 0)),
    ("clock", 159, (bytes(256),)),
    ("kernel log", 103, (10, 0, 0)),
    ("ports", 172, (9,)),
    ("hostname", 170, (b"probe", 5)),
    ("personality", 135, (8,)),
    ("real time", 144, (0, 1, ctypes.byref(ctypes.c_int(0)))),
    ("limits", 160, (7, 0)),
    ("handle", 304, (-1, 0, 0)),
):
    attempt(f"call {name}", lambda: call(number, *arguments))
for name, flag in (
    ("cgroup", 0x02000000), ("ipc", 0x08000000), ("mount", 0x00020000), ("network", 0x40000000),
    ("process", 0x20000000), ("time", 0x00000080), ("user", 0x10000000), ("uts", 0x04000000),
):
    attempt(f"namespace {name}", lambda: call(272, flag))
attempt("setuid bit", marked)
attempt("code at once", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close())
attempt("code later", made_executable)

status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
said["status"] = {key: status[key].strip() for key in ("NoNewPrivs", "Seccomp", "CapEff", "CapPrm", "CapBnd", "CapAmb")}
said["devices"] = sorted(set(os.listdir("/dev")) - set(given["devices"]))
said["mask"] = os.umask(0)
said["spaces"] = {name: os.readlink(f"/proc/self/ns/{name}") for name in ("net", "mnt", "user", "ipc", "uts")}
print(json.dumps(said))
"""
# What a unit with PrivateDevices=yes finds in /dev.
DEVICES = "char core fd full hugepages log mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
NETWORK = ["AF_INET", "AF_INET6", "space net"]
ROOT = ["space user"]  # a unit that must tell the machine's users apart
# What a unit can do beyond the walls that all have. The reasons stand in its module.
MAY = {
    "hearth-inference*": ["code at once", "code later", "read /proc/meminfo"],
    "hearth-snapshot-*": ["setuid bit", *ROOT],
    "hearth-backup": ROOT,
    "hearth-watch": NETWORK,
    "hearth-keys": [*ROOT, "device"],
    "hearth-health": [*ROOT, "capability 2"],
    "hearth-fallback": [
        *ROOT,
        "capability 9",
        "read /proc/meminfo",
        "mask",
        "device",
        "write /boot",
    ],
    "caddy": [*NETWORK, *ROOT, "capability 10"],
    "fail2ban": ["AF_NETLINK", "space net", "capability 2", "capability 12", *ROOT],
    "prometheus": NETWORK,
    "prometheus-node-exporter": [*NETWORK, "AF_NETLINK", "read /proc/meminfo"],
}
box.succeed("mkdir -p /boot; touch /root/planted /tmp/planted")
BASH = box.succeed("readlink -f $(command -v bash)").strip()
FIRST = {
    name: box.succeed(f"readlink /proc/1/ns/{name}").strip()
    for name in ("net", "mnt", "user", "ipc", "uts")
}


def units():
    """Every service of ours on the box, and those of others that we wall in."""
    found = box.succeed("systemctl list-unit-files --no-legend --plain 'hearth-*.service'")
    names = [line.split()[0].removesuffix(".service") for line in found.splitlines()]
    return [*names, "caddy", "fail2ban", "prometheus", "prometheus-node-exporter"]


def folders(unit):
    """Folders that a unit finds at a place: {place: where they lie on the box}."""
    found, made = {}, []
    for line in settings(unit):
        key, _, value = line.partition("=")
        for word in value.split():
            source, _, place = word.lstrip("-+").partition(":")
            if source == "/nix/store":  # of programs, and read-only in containers by this
                continue
            if key in ("BindPaths", "BindReadOnlyPaths", "ReadWritePaths"):
                found[place or source] = source
            elif key in ("StateDirectory", "CacheDirectory"):
                start = "/var/lib" if key == "StateDirectory" else "/var/cache"
                found[f"{start}/{source}"] = f"{start}/{source}"
                made.append(f"{start}/{source}")
    if made:
        # As systemd makes them at a unit's first start; it gives them to their owner then.
        box.succeed(f"mkdir -p {shlex.join(made)}")
    paths = shlex.join(found.values())
    are = box.succeed(f"for path in {paths}; do [ -d $path ] && echo y || echo n; done").split()
    return {place: path for (place, path), is_folder in zip(found.items(), are) if is_folder == "y"}


def beyond(unit, said):
    """What a unit's probe could do that no unit should."""
    could = {name for name, result in said.items() if result == "ok"}
    could |= {f"space {name}" for name, link in said["spaces"].items() if link == FIRST[name]}
    sets = int(said["status"]["CapBnd"], 16) | int(said["status"]["CapEff"], 16)
    could |= {f"capability {bit}" for bit in range(64) if sets >> bit & 1}
    could |= {"privileges"} if said["status"]["NoNewPrivs"] != "1" else set()
    could |= {"no filter"} if said["status"]["Seccomp"] != "2" else set()
    could |= {"mask"} if said["mask"] != 0o77 else set()
    could |= {"device"} if said["devices"] else set()
    return could


for unit in units():
    with subtest(f"{unit}: its walls, from inside"):
        there = folders(unit)
        for path in there.values():
            box.execute(f"cp {BASH} {path}/planted && chmod 755 {path}/planted")
        ran = [path for path in there.values() if box.execute(f"{path}/planted -c true")[0] == 0]
        assert ran or not there, f"{unit}: what is planted runs nowhere: {there}"
        own = next((place for place in there if place.startswith(("/mnt/data/", "/var/"))), None)
        given = {"folders": list(there), "devices": DEVICES.split(), "program": BASH, "own": own}
        said = inside(unit, PROBE, given)
        may = {name for pattern, names in MAY.items() if fnmatch(unit, pattern) for name in names}
        could = beyond(unit, said)
        assert could == may, (unit, sorted(could ^ may), said)
        for path in there.values():
            box.execute(f"rm -f {path}/planted")
leave()
box.succeed("rm -f /root/planted /tmp/planted")
healthy()
