# What each pod cannot do, tried from inside its unit's own walls; and what the network sees of the box.
# (`walls` tries every unit, `hardening` every setting with and without it.)
start_all()
ready()
client.wait_for_unit("multi-user.target")
address = trust()
there = address_of(client)

# Tried by the pod's own interpreter, in a unit that is the pod's but for what it runs. Each line of
# its output is a thing it tried, with "ok" or the error that it met.
PROBE = r"""
import ctypes, json, os, socket, sys
given = json.loads(sys.argv[1])
own, said = given["own"], {}

def attempt(name, do):
    try:
        value = do()
        said[name] = "ok" if value is None else value
    except OSError as error:
        said[name] = os.strerror(error.errno) if error.errno else str(error)

def opened(path):
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(2)
        try:
            way.connect(path)
        except OSError as error:
            if error.errno != 91:  # a datagram socket
                raise
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letter:
                letter.connect(path)

def written(path):
    with open(path, "x") as file:
        file.write("#!/nothing\n")
    os.unlink(path)

def executed(folder):
    import shutil, subprocess
    path = f"{folder}/program"
    shutil.copy(os.path.realpath(sys.executable), path)
    os.chmod(path, 0o700)
    try:
        subprocess.run([path, "-c", ""], check=False)
    finally:
        os.unlink(path)

def marked():
    path = f"{own}/marked"
    open(path, "x").close()
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)

# Numbers of system calls on x86-64.
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

for family in ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"):
    attempt(family, lambda: socket.socket(getattr(socket, family), socket.SOCK_DGRAM).close())
for target in given["addresses"]:
    attempt(f"connect {target}", lambda: socket.create_connection((target, 443), 2).close())
for path in given["sockets"]:
    attempt(f"socket {path}", lambda: opened("\0" + path[1:] if path.startswith("@") else path))
for path in given["files"]:
    attempt(f"see {path}", lambda: os.stat(path) and None)
    attempt(f"read {path}", lambda: (os.listdir if os.path.isdir(path) else lambda p: open(p, "rb").read(1))(path) and None)
for pid in given["processes"]:
    attempt(f"process {pid}", lambda: open(f"/proc/{pid}/cmdline").read() and None)
    attempt(f"signal {pid}", lambda: os.kill(int(pid), 0))
for folder in ("/", "/etc", "/usr", "/var/lib", "/run", "/mnt/data", "/mnt/data/pods", "/sys/fs/cgroup", "/proc/sys/kernel", own):
    attempt(f"write {folder}", lambda: written(f"{folder}/probe"))
for folder in ("/tmp", "/dev/shm"):
    attempt(f"leave {folder}", lambda: open(f"{folder}/left-by-{given['pod']}", "x").close())
    attempt(f"find {folder}", lambda: [n for n in os.listdir(folder) if "left" in n])
for folder in (own, "/tmp", "/dev/shm"):
    attempt(f"execute {folder}", lambda: executed(folder))
attempt("setuid bit", marked)
attempt("mount", lambda: call(165, b"none", b"/tmp", b"tmpfs", 0, 0))
attempt("ptrace", lambda: call(101, 16, os.getppid(), 0, 0))
attempt("module", lambda: call(175, 0, 0, b""))
attempt("clock", lambda: call(227, 0, (ctypes.c_long * 2)(0, 0)))
attempt("namespace", lambda: call(272, 0x10000000))
attempt("bpf", lambda: call(321, 0, 0, 0))
attempt("reboot", lambda: call(169, 0, 0, 0, 0))
attempt("keyring", lambda: call(250, 0, -4, 0))
attempt("root", lambda: os.setuid(0))
import mmap
attempt("code", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close())

said["interfaces"] = sorted(line.split(":")[0].strip() for line in open("/proc/self/net/dev") if ":" in line)
said["routes"] = len(open("/proc/self/net/route").readlines()) - 1
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
said["status"] = {key: status[key].strip() for key in given["status"]}
said["ids"] = [os.getuid(), os.getgid(), os.getgroups()]
said["processes"] = sorted({open(f"/proc/{n}/status").read().split("Uid:\t")[1].split()[0] for n in os.listdir("/proc") if n.isdigit()})
said["credentials"] = sorted(f for _, _, files in os.walk("/run/credentials") for f in files)
said["run"] = sorted(os.path.join(where, name) for where, _, names in os.walk("/run") for name in names)
print(json.dumps(said))
"""
STATUS = ["NoNewPrivs", "Seccomp", "CapEff", "CapPrm", "CapBnd", "CapAmb"]
WALLED = {"NoNewPrivs": "1", "Seccomp": "2"} | dict.fromkeys(STATUS[2:], "0" * 16)


def main_pid(unit):
    return box.get_unit_property(f"{unit}.service", "MainPID")


pids = {program: main_pid(f"hearth-{program}") for program in PROGRAMS}
listening = [line.split()[4] for line in box.succeed("ss -xlnH").splitlines()]
files = box.succeed("find /run /mnt/data -xdev -type s").split()
sockets = sorted({path for path in [*listening, *files] if path.startswith(("/", "@"))})
assert len(sockets) > 15, sockets
for expected in (
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/run/systemd/journal/io.systemd.journal",
):
    assert expected in sockets, (expected, sockets)
data = [
    "/mnt/data/hub",
    "/mnt/data/hub/hub.db",
    "/mnt/data/models",
    "/mnt/data/inference",
    "/mnt/data/backups",
]
data += [
    "/mnt/data/snapshots",
    "/mnt/data/knowledge",
    "/var/lib/hearth/credentials",
    "/root",
    "/var/lib/caddy",
]
data += [f"/mnt/data/pods/{pod}" for pod in PODS]
data += [f"/run/credentials/hearth-{program}.service" for program in PROGRAMS]

for pod in PODS:
    unit, own = f"hearth-pod-{pod}", f"/mnt/data/pods/{pod}"
    with subtest(f"{pod}: what runs has the walls that are tried"):
        status = box.succeed(f"cat /proc/{pids[f'pod-{pod}']}/status")
        running = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert {key: running[key].strip() for key in STATUS} == WALLED, running
        for space in ("net", "mnt", "user", "ipc", "uts"):
            mine, first = box.succeed(
                f"readlink /proc/{pids[f'pod-{pod}']}/ns/{space} /proc/1/ns/{space}"
            ).split()
            assert mine != first, space

    said = inside(
        unit,
        PROBE,
        {
            "pod": pod,
            "own": own,
            "addresses": ["127.0.0.1", address, there],
            "sockets": sockets,
            "files": data,
            "processes": ["1", *(pid for program, pid in pids.items() if program != f"pod-{pod}")],
            "status": STATUS,
        },
    )

    def results(kind):
        return {
            key.partition(" ")[2]: value
            for key, value in said.items()
            if key.startswith(f"{kind} ")
        }

    def refused(kind, but=()):
        went = {name for name, result in results(kind).items() if result == "ok"}
        assert went == set(but), (kind, went ^ set(but), results(kind))

    with subtest(f"{pod}: no network"):
        assert said["interfaces"] == ["lo"], said["interfaces"]
        assert said["routes"] == 0, said["routes"]
        for family in ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"):
            assert said[family] == "Address family not supported by protocol", (
                family,
                said[family],
            )
        refused("connect")

    with subtest(f"{pod}: no socket but its model server's, and those that systemd hears it by"):
        ways = [
            f"/run/hearth/inference/{pod}.sock",
            "/run/systemd/notify",
            "/run/systemd/journal/socket",
        ]
        refused("socket", ways)
        assert sorted(said["run"]) == sorted(
            [*ways, f"/run/credentials/probe.service/grant-key-{pod}"]
        ), said["run"]

    with subtest(f"{pod}: no file of others, not even its name"):
        refused("read", [own])
        seen = {path for path, result in results("see").items() if result == "ok"}
        assert not {path for path in seen if path.startswith(("/mnt/data/", "/run/"))} - {own}, seen
        assert said["credentials"] == [f"grant-key-{pod}"], said["credentials"]
        refused("write", [own])

    with subtest(f"{pod}: no process of others"):
        refused("process")
        refused("signal")
        assert len(said["processes"]) == 1, said["processes"]

    with subtest(f"{pod}: nothing that another pod could find"):
        for place in ("/tmp", "/dev/shm"):
            assert said[f"leave {place}"] == "ok", said
            assert said[f"find {place}"] == [f"left-by-{pod}"], said

    with subtest(f"{pod}: no program of its own, no privilege, no word with the kernel"):
        refused("execute")
        for name in (
            "setuid bit",
            "mount",
            "module",
            "clock",
            "namespace",
            "bpf",
            "reboot",
            "keyring",
            "root",
            "code",
        ):
            assert said[name] != "ok", (name, said[name])
        assert said["ptrace"] == "Operation not permitted", said["ptrace"]
        assert said["status"] == WALLED, said["status"]
        assert said["ids"][0] != 0, said["ids"]

with subtest("the model server: no network, and of the data only the models and its own notes"):
    own = "/mnt/data/inference"
    said = inside(
        "hearth-inference",
        PROBE,
        {
            "pod": "inference",
            "own": own,
            "addresses": ["127.0.0.1", address, there],
            "sockets": sockets,
            "files": data,
            "processes": ["1", *(pid for program, pid in pids.items() if program != "inference")],
            "status": STATUS,
        },
    )
    assert (said["interfaces"], said["routes"]) == (["lo"], 0), said
    refused("connect")
    # Its own sockets are handed to it open.
    refused("socket", ["/run/systemd/notify", "/run/systemd/journal/socket"])
    seen = {path for path, result in results("see").items() if result == "ok"}
    mine = {"/mnt/data/models", own}
    assert {path for path in seen if path.startswith(("/mnt/data/", "/run/"))} == mine, seen
    refused("read", mine)
    refused("write", [own])
    refused("process")
    refused("signal")
    refused("execute")

with subtest("each model's process has the walls of its server"):
    retry(lambda _: len(models()) == 2, 60)
    facts = []
    for pid in [pids["inference"], *models()]:
        status = box.succeed(f"cat /proc/{pid}/status")
        running = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert {key: running[key].strip() for key in STATUS} == WALLED, running
        spaces = " ".join(f"/proc/{pid}/ns/{name}" for name in ("net", "mnt", "user", "ipc", "uts"))
        facts.append(
            [running["Uid"], running["Seccomp_filters"], *box.succeed(f"readlink {spaces}").split()]
        )
    assert facts[1:] == facts[:1] * 2, facts

with subtest("the walls of the network hold without each other"):
    for program in PROGRAMS:
        space = f"nsenter -t {pids[program]} -n"
        assert box.succeed(f"{space} ip -o link | wc -l").strip() == "1", program
        assert not box.succeed(f"{space} ip route show default").strip(), program
        for target in (address, there):
            box.fail(f"{space} timeout 3 bash -c '</dev/tcp/{target}/443'")
            box.fail(f"{space} ping -c 1 -W 1 {target}")
        box.fail(f"{space} timeout 3 bash -c '</dev/tcp/127.0.0.1/443'")
    box.succeed("timeout 3 bash -c '</dev/tcp/127.0.0.1/443'")

with subtest("files belong to one program each"):
    for program in PROGRAMS:
        user = f"hearth-{program}"
        places = [f"/mnt/data/pods/{pod}" for pod in PODS if f"pod-{pod}" != program]
        places += [] if program == "hub" else ["/mnt/data/hub"]
        for place in places:
            box.fail(f"setpriv --reuid {user} --regid {user} --init-groups ls {place}")
        box.fail(
            f"setpriv --reuid {user} --regid {user} --init-groups ls /var/lib/hearth/credentials"
        )

# Every port, as many at once as the machine allows it. The kernel takes the answers, however busy
# the machine is meanwhile.
SCAN = """
import select, socket, sys, time

def answering(host, ports):
    poll, ways, found = select.epoll(), {}, []
    for port in ports:
        way = socket.socket()
        way.setblocking(False)
        way.connect_ex((host, port))
        ways[way.fileno()] = way, port
        poll.register(way, select.EPOLLOUT)
    # Counted from when the last was sent: a busy machine needs a while for so many.
    end = time.monotonic() + 3
    while True:
        left = end - time.monotonic()
        for number, _ in poll.poll(max(left, 0), len(ways)):
            way, port = ways[number]
            poll.unregister(number)
            if way.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.append(port)
        if left <= 0:
            break
    for way, _ in ways.values():
        way.close()
    return found

for first in range(1, 65536, 8192):
    print(*answering(sys.argv[1], range(first, min(first + 8192, 65536))))
"""
with subtest("from the network, two ports answer"):
    client.succeed(f"printf %s {shlex.quote(SCAN)} > /root/scan.py")
    found = client.succeed(f"ulimit -n 20000; python3 /root/scan.py {address}", timeout=300).split()
    assert found == ["80", "443"], found
    listening = [line.split()[3] for line in box.succeed("ss -tlnH").splitlines()]
    assert any(item.startswith("127.0.0.1:") for item in listening), listening
    # The rest is not merely closed: nothing comes back at all.
    client.fail(f"timeout 3 bash -c '</dev/tcp/{address}/8421'")

leave()
