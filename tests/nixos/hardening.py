# Each setting of modules/lib/hardening.nix, with and without it, in units that have nothing else: some are
# written down, fail, and say nothing. tests/stack/test_rendered.py sees that none is left out.
start_all()
ready()

BASH = box.succeed("readlink -f $(command -v bash)").strip()
python = interpreter()
bash = f"{BASH} -c"
nobody = "User=hearth-inference"
wrong = []
box.succeed("touch /root/planted /tmp/planted /dev/planted")


def transient(command, *properties):
    """Whether a command succeeds in a unit that has these properties and no others; its words."""
    words = " ".join(f"-p {shlex.quote(item)}" for item in properties)
    status, said = box.execute(f"systemd-run --quiet --wait --pipe --collect {words} {command}")
    return status == 0, said.strip()


def enforced(setting, command, *others):
    """The command succeeds without the setting, and no longer with it."""
    without, said = transient(command, *others)
    if not without:
        wrong.append(f"{setting}: {command} fails without it too: {said}")
    elif transient(command, *others, setting)[0]:
        wrong.append(f"{setting}: {command} succeeds with it too")


def call(number, *arguments):
    words = "".join(f", {argument}" for argument in arguments)
    code = f"import ctypes; assert ctypes.CDLL(None).syscall({number}{words}) != -1"
    return f"{python} -c {shlex.quote(code)}"


def filtered(setting, command):
    """The same for a call that a container's own filter may refuse: a filter more is set then."""
    if transient(command)[0]:
        enforced(setting, command)
        return
    count = f"{bash} 'sed -n s/Seccomp_filters://p /proc/self/status'"
    without, within = (int(transient(count, *one)[1]) for one in ((), (setting,)))
    if within <= without:
        wrong.append(f"{setting}: {command} is refused anyway, and no filter is set")


reach = f"{bash} '</dev/tcp/127.0.0.1/443'"
enforced("IPAddressDeny=any", f"timeout 3 {reach}")
enforced("PrivateNetwork=yes", reach)
enforced("RestrictAddressFamilies=AF_UNIX", reach)
listen = 'import socket; socket.create_server(("127.0.0.1", 4711))'
enforced("SocketBindDeny=any", f"{python} -c '{listen}'")

# Files
enforced("ProtectSystem=strict", f"{bash} 'touch /var/lib/probe'")
enforced("ReadOnlyPaths=/var/lib", f"{bash} 'touch /var/lib/probe'")
enforced("ProtectHome=yes", f"{bash} '[ -e /root/planted ]'")
enforced("PrivateTmp=yes", f"{bash} '[ -e /tmp/planted ]'")
enforced("PrivateDevices=yes", f"{bash} '[ -e /dev/planted ]'")
enforced("InaccessiblePaths=/mnt/data", f"{bash} 'ls /mnt/data/pods'")
enforced("TemporaryFileSystem=/run:ro", f"{bash} '[ -e /run/dbus/system_bus_socket ]'")
enforced("BindReadOnlyPaths=/var/lib", f"{bash} 'touch /var/lib/probe'")
enforced("NoExecPaths=/run /nix /usr /bin /opt", f"{bash} true")
box.succeed(f"cp {BASH} /var/lib/program")
enforced("NoExecPaths=/var/lib", "/var/lib/program -c true")
only = ("NoExecPaths=/", "ExecPaths=/nix/store /usr /opt")
assert transient(f"{bash} true", *only)[0], "ExecPaths: has no effect"
assert not transient("/var/lib/program -c true", *only)[0], "ExecPaths: opens too much"
enforced("UMask=0077", f"{bash} '[ $(umask) = 0022 ]'")
enforced("ProcSubset=pid", f"{bash} '[ -e /proc/meminfo ]'")
other = f"{bash} 'cat /proc/{box.get_unit_property('hearth-hub.service', 'MainPID')}/cmdline'"
enforced("ProtectProc=invisible", other, "User=hearth-inference")
for setting, name in (
    ("PrivateMounts", "mnt"),
    ("PrivateIPC", "ipc"),
    ("ProtectHostname", "uts"),
    ("PrivateUsers", "user"),
    ("PrivateNetwork", "net"),
):
    first = box.succeed(f"readlink /proc/1/ns/{name}").strip()
    same = f"{bash} '[ $(readlink /proc/self/ns/{name}) = {first} ]'"
    # In the lab every unit has mounts of its own, by a drop-in of the driver's.
    if name != "mnt" or not contained():
        enforced(f"{setting}=yes", same)
made = {}
# What a user leaves goes with the last of the user's units, and this one has no other now.
for choice in ("no", "yes"):
    assert transient("ipcmk -M 64", "User=hearth-backup", f"RemoveIPC={choice}")[0], (
        "no shared memory"
    )
    made[choice] = box.succeed("ipcs -m | grep -c hearth-bac || true").strip()
    box.execute("ipcrm --all=shm")
assert made == {"no": "1", "yes": "0"}, made

# A device that systemd's own list for DevicePolicy=closed has not: the first that this kernel opens.
for number in ("c 1 11", "c 10 200", "c 10 229", "c 5 1", "b 7 0"):
    if box.execute(f"mknod /dev/another {number}")[0] != 0:
        continue
    if transient(f"{bash} ': < /dev/another'")[0]:
        enforced("DevicePolicy=closed", f"{bash} ': < /dev/another'")
        break
    box.succeed("rm /dev/another")
else:
    assert contained(), "there is no device to open"

# Privileges
box.succeed("touch /run/owned")
owns = f"{bash} 'chown 1 /run/owned && chown 0 /run/owned'"
enforced("CapabilityBoundingSet=~CAP_CHOWN", owns)
enforced("CapabilityBoundingSet=", owns)
enforced("PrivateUsers=yes", owns)
holds = f"{bash} 'grep -q CapAmb:.*0000400$ /proc/self/status'"
low = "AmbientCapabilities=CAP_NET_BIND_SERVICE"
assert transient(holds, nobody, low)[0], "AmbientCapabilities: has no effect"
assert not transient(holds, nobody, low, "AmbientCapabilities=")[0]
enforced("RestrictSUIDSGID=yes", f"{bash} 'touch /run/owned && chmod 4755 /run/owned'")
for flag in ("C", "i", "m", "n", "p -f", "U", "u"):
    enforced("RestrictNamespaces=yes", f"unshare -{flag} true")
enforced("LockPersonality=yes", call(135, 8))
filtered("RestrictRealtime=yes", call(144, 0, 1, "ctypes.byref(ctypes.c_int(1))"))
# A program with the setuid bit of root, for a user who has no privilege.
box.succeed("cp $(readlink -f $(type -P id)) /var/lib/id && chmod 4755 /var/lib/id")
enforced("NoNewPrivileges=yes", f"{bash} '[ $(/var/lib/id -u) = 0 ]'", nobody)
# Somebody else than the program itself says that it is ready; it must still be there when that is read.
says = (
    "import os, socket, time; way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
    ' way.connect(os.environ["NOTIFY_SOCKET"]);'
    ' os.fork() or (way.send(b"READY=1"), time.sleep(1), os._exit(0)); os.wait()'
)
notifies = ("Type=notify", "TimeoutStartSec=20", "NotifyAccess=all")
enforced("NotifyAccess=main", f"{python} -c '{says}'", *notifies)

# Kernel
enforced("SystemCallFilter=~@mount", f"{bash} 'mount -t tmpfs none /mnt && umount /mnt'")
refused = ("SystemCallFilter=~chmod fchmodat", "SystemCallErrorNumber=EPERM")
assert "Operation not permitted" in transient("chmod 600 /run/owned", *refused)[1]
assert "Operation not permitted" not in transient("chmod 600 /run/owned", refused[0])[1]
now = "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)"
enforced("MemoryDenyWriteExecute=yes", f"{python} -c '{now}'")
# mov eax, 20 (getpid of 32 bits); int 0x80; ret
old = (
    'import ctypes, mmap; m = mmap.mmap(-1, 4096, prot=7); m.write(bytes.fromhex("b814000000cd80c3"));'
    " at = ctypes.addressof(ctypes.c_char.from_buffer(m));"
    " assert ctypes.CFUNCTYPE(ctypes.c_int)(at)() > 0"
)
filtered("SystemCallArchitectures=native", f"{python} -c '{old}'")
enforced("ProtectControlGroups=yes", f"{bash} 'mkdir /sys/fs/cgroup/probe'")
box.execute("rmdir /sys/fs/cgroup/probe")
tunable = "/proc/sys/net/ipv4/ip_forward"
enforced("ProtectKernelTunables=yes", f"{bash} 'cat {tunable} > /run/v; cat /run/v > {tunable}'")
filtered("ProtectKernelModules=yes", call(175, 0, 0, 0))
if box.execute("mkdir -p /usr/lib/modules/probe")[0] == 0:
    enforced("ProtectKernelModules=yes", f"{bash} '[ -e /usr/lib/modules/probe ]'")
else:
    assert contained(), "/usr is the lab's own there"
filtered("ProtectKernelLogs=yes", call(103, 10, 0, 0))
enforced("ProtectKernelLogs=yes", f"{bash} '[ $(stat -c %a /proc/kmsg) != 0 ]'")
filtered("ProtectClock=yes", call(159, "bytes(256)"))
filtered("ProtectHostname=yes", call(170, "b'hearth'", 6))
box.succeed(
    "rm -rf /var/lib/probe /var/lib/program /var/lib/id /dev/planted /dev/another",
    "rm -f /run/owned /run/v /root/planted /tmp/planted",
)
if not contained():  # a container refuses this call
    session = f"{python} -c 'import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 1))'"
    inherited = {transient(session, nobody, "KeyringMode=inherit")[1] for _ in range(2)}
    private = {transient(session, nobody, "KeyringMode=private")[1] for _ in range(2)}
    assert (len(inherited), len(private)) == (1, 2), (inherited, private)

box.execute("rmdir /usr/lib/modules/probe")
assert not wrong, "\n".join(wrong)
healthy()
