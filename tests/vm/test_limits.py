"""MemoryMax and TasksMax of the rendered pods, as a real kernel keeps them.

The units are those of tests/rendered/box: their users, walls and limits. In the place of a pod's
program stands guest/tenant.py, because emulation is slow.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import box_image
import initrd
import pytest
import rendered_limits
import scenarios
from dropins import SKIPPED, carried, instead, masked
from lab.rendering import whole
from parts import cannot, parts
from rendered_limits import FILES, limits
from virtual_machine import KERNEL, Direct, Hardware, VirtualMachine, arguments

FOLDER = scenarios.ROOT / "build/vm"
UNITS = whole("box") / "etc/systemd/system"
PODS = ("family", "finance", "study")
GREEDY, *OTHERS = (f"hearth-pod-{pod}.service" for pod in PODS)
MARK = "/mnt/data/pods/family/greedy"
GROUP = f"/sys/fs/cgroup/system.slice/{GREEDY}"
LIMITS = limits(UNITS / GREEDY)
# More than the pod's memory and its share of the swap together.
TOO_MUCH = (LIMITS.memory + LIMITS.swap) // (1 << 20) + 128
TOO_MANY = 2 * LIMITS.tasks
_SWAP_BYTES = 2 << 30
_LEFT_OUT = masked(
    "boot.mount",
    "getty.target",
    "hearth-health.service",
    "nftables.service",
    "systemd-logind.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-networkd-persistent-storage.service",
)

pytestmark = pytest.mark.timeout(3_600)


def tenant(pod: str, kind: str, number: int = 0) -> str:
    """A pod's drop-in. Keys would be made by a program that is not there."""
    command = "/usr/bin/python3 -I -S /usr/local/lib/hearth-vm/tenant.py"
    arguments = f"/mnt/data/pods/{pod}/greedy {kind} {number}"
    return instead(f"{command} {arguments}", "LoadCredentialEncrypted=\n")


@pytest.fixture(scope="module")
def box() -> Iterator[VirtualMachine]:
    if reason := cannot():
        pytest.skip(f"NOT STARTED: {reason}")
    kernel, disk = parts(), box_image.image("box", FOLDER)
    swap = FOLDER / "swap"
    swap.write_bytes(b"")
    with swap.open("r+b") as file:
        file.truncate(_SWAP_BYTES)
    skipped = ["hub", "inference", "keys", *(f"migrate-pod-{pod}" for pod in PODS)]
    words = {f"hearth-{name}.service": SKIPPED for name in skipped}
    words |= {f"hearth-pod-{pod}.service": tenant(pod, "idle") for pod in PODS}
    line = f"root=/dev/vda init=/usr/lib/systemd/systemd loglevel=4 {KERNEL} {_LEFT_OUT}"
    start = Direct(
        kernel.kernel, initrd.make(kernel, FOLDER / "initrd"), f"{line} {carried(words)}"
    )
    port = FOLDER / "limits.port"
    hardware = Hardware(disks=(disk, swap), forget=True)
    machine = VirtualMachine("limits", FOLDER, arguments(hardware, start, port), port)
    machine.start()
    try:
        for pod in PODS:
            machine.wait_for_unit(f"hearth-pod-{pod}.service")
        # As the box has it: a limit on memory alone would only push a pod into the swap.
        machine.succeed("mkswap /dev/vdb && swapon /dev/vdb")
        yield machine
    finally:
        machine.crash()


def group(unit: str, file: str) -> str:
    return f"/sys/fs/cgroup/system.slice/{unit}/{file}"


def started(box: VirtualMachine, unit: str) -> tuple[str, str]:
    """Which process a unit has, and how often systemd had to start it again."""
    said = box.succeed(f"systemctl show -p MainPID,NRestarts --value {unit}").split()
    return said[0], said[1]


def events(box: VirtualMachine, file: str) -> dict[str, int]:
    return {
        line.split()[0]: int(line.split()[1]) for line in box.succeed(f"cat {file}").splitlines()
    }


def be_greedy(box: VirtualMachine, kind: str, number: int, also: str = "") -> None:
    """Let the pod take too much at its next start, and only then."""
    folder = f"/run/systemd/system/{GREEDY}.d"
    text = shlex.quote(f"{tenant('family', kind, number)}TimeoutStartSec=1800\n{also}")
    box.succeed(
        f"rm -f {MARK}*; mkdir -p {folder}; printf %s {text} > {folder}/90-greedy.conf",
        f"systemctl daemon-reload; systemctl stop {GREEDY}",
        f"systemctl start --no-block {GREEDY}",
    )


def said(box: VirtualMachine, words: str) -> str:
    """Wait until the pod, as it was started last, has said something."""
    invocation = f"$(systemctl show -p InvocationID --value {GREEDY})"
    return box.wait_until_succeeds(
        f"journalctl --no-pager -o cat _SYSTEMD_INVOCATION_ID={invocation} | grep -F '{words}'"
    )


@pytest.mark.parametrize("pod", PODS)
def test_the_kernel_has_what_is_rendered(box: VirtualMachine, pod: str) -> None:
    unit = f"hearth-pod-{pod}.service"
    files = " ".join(group(unit, file) for file in FILES)
    memory, swap, tasks = (int(value) for value in box.succeed(f"cat {files}").split())
    assert rendered_limits.Limits(memory, swap, tasks) == limits(UNITS / unit)


def test_a_pod_that_takes_too_much_memory_is_killed_alone(box: VirtualMachine) -> None:
    before = {unit: started(box, unit) for unit in OTHERS}
    be_greedy(box, "memory", TOO_MUCH)
    box.wait_until_succeeds(f"systemctl show -p NRestarts --value {GREEDY} | grep -qvx 0")
    box.wait_for_unit(GREEDY)
    kernel = box.succeed("journalctl -k -b --no-pager -o cat | grep 'oom-kill:' | tail -n 1")
    assert f"oom_memcg=/system.slice/{GREEDY}" in kernel, kernel
    box.succeed(f"journalctl -b --no-pager -u {GREEDY} | grep \"Failed with result 'oom-kill'\"")
    assert events(box, "/sys/fs/cgroup/system.slice/memory.events")["oom_kill"] == 1
    for unit in OTHERS:
        assert events(box, group(unit, "memory.events"))["oom_kill"] == 0
        assert started(box, unit) == before[unit]


def test_without_the_limit_the_same_memory_is_given(box: VirtualMachine) -> None:
    be_greedy(box, "memory", TOO_MUCH, "MemoryMax=infinity\n")
    assert f"took {TOO_MUCH} MiB and lives" in said(box, f"took {TOO_MUCH} MiB")
    box.wait_for_unit(GREEDY)
    assert started(box, GREEDY)[1] == "0"


def test_a_pod_that_forks_too_much_is_refused_alone(box: VirtualMachine) -> None:
    before = {unit: started(box, unit) for unit in OTHERS}
    be_greedy(box, "tasks", TOO_MANY)
    # The program itself is one of the pod's tasks.
    assert f"{LIMITS.tasks - 1} processes, EAGAIN" in said(box, "processes, ")
    assert box.succeed(f"cat {GROUP}/pids.current").strip() == str(LIMITS.tasks)
    assert events(box, f"{GROUP}/pids.events")["max"] >= 1
    for unit in OTHERS:
        assert events(box, group(unit, "pids.events"))["max"] == 0
        assert started(box, unit) == before[unit]
    box.succeed(f"systemctl restart {OTHERS[0]}")  # others get processes while this one gets none
    box.succeed(f"touch {MARK}.enough")
    box.wait_for_unit(GREEDY)


def test_without_the_limit_the_same_processes_are_given(box: VirtualMachine) -> None:
    be_greedy(box, "tasks", TOO_MANY, "TasksMax=infinity\n")
    assert f"{TOO_MANY} processes, nobody refused" in said(box, "processes, ")
    box.succeed(f"touch {MARK}.enough")
    box.wait_for_unit(GREEDY)
