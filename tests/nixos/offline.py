# The box without a network boots and answers; with one, nothing leaves it that was not configured.
import os
import shlex
import time

SECONDS = int(os.environ.get("HEARTH_OFFLINE_SECONDS", "60"))
QUESTION = shlex.quote("What does the landlord's letter say about the heating?")
PCAP = "/root/capture.pcap"

with subtest("with its cable pulled the box boots and answers"):
    box.start()
    box.block()
    ready()
    assert "NO-CARRIER" in box.succeed("ip link show eth1")
    box.succeed(f"printf %s {shlex.quote(LETTER)} > /root/letter.txt")
    box.succeed(f"{HEARTH} ingest /root/letter.txt --pod family")
    said = box.succeed(f"{HEARTH} ask {QUESTION} --pod family")
    assert "8 December 2026" in said, said
    healthy()

with subtest("with a way out and a name server it could talk"):
    box.unblock()
    client.start()
    client.wait_for_unit("multi-user.target")
    box.wait_until_succeeds("ip -4 -o addr show eth1 | grep -q inet", timeout=60)
    address = trust()
    beside = address_of(client)
    box.succeed(
        f"ip route replace default via {beside} dev eth1",
        f"rm -f /etc/resolv.conf; echo 'nameserver {beside}' > /etc/resolv.conf",
    )
    token = sign_in()

# What the household's computer and the box say to each other, and what it takes to find each other.
ASKED = f"(src {beside} and dst {address} and (tcp dst port 80 or 443)) or (src {address} and dst {beside} and (tcp src port 80 or 443))"
NEIGHBOURS = "arp or (icmp6 and ip6[40] >= 133 and ip6[40] <= 137) or dst ff02::16"
NAME_OF_THE_HOUSE = (
    "(udp dst port 5353 and (dst 224.0.0.251 or dst ff02::fb)) or (igmp and dst net 224.0.0.0/4)"
)
EXPECTED = f"({ASKED}) or ({NEIGHBOURS}) or ({NAME_OF_THE_HOUSE})"


def packets(what):
    """The captured packets that a filter takes, a line each."""
    read = f"tcpdump -nn -r - {shlex.quote(what)} < {PCAP} 2> /root/said"
    return box.succeed(f"{read} || {{ cat /root/said; false; }}").splitlines()


def capture(work):
    """What passes the cable while something is done."""
    box.succeed(
        f"rm -f {PCAP}; systemd-run --quiet --unit=capture -p StandardOutput=truncate:{PCAP} -p StandardError=journal "
        '"$(command -v tcpdump)" -i eth1 -n -U -w -'
    )
    box.wait_until_succeeds(f"test $(stat -c %s {PCAP}) -ge 24", timeout=20)
    work()
    time.sleep(2)
    box.succeed("systemctl stop capture")


def day():
    """What a household does, for as long as is wanted, with a backup in the midst."""
    end = time.monotonic() + SECONDS
    box.succeed("systemctl start --no-block hearth-backup.service")
    number = 0
    while time.monotonic() < end:
        number += 1
        pod = PODS[number % len(PODS)]
        upload(
            token,
            pod,
            f"letter-{number}.txt",
            f"{LETTER}\nNumber {number}, see https://example.org/{number}\n",
        )
        ask(token, pod, "What does the landlord's letter say about the heating?", f"{number:032x}")
        client.succeed(f"curl -s --cacert /root/ca.crt {URL}/ -o /dev/null")
    box.wait_until_succeeds(
        "systemctl show -p ActiveState hearth-backup | grep -qx ActiveState=inactive", timeout=120
    )
    assert box.get_unit_property("hearth-backup.service", "Result") == "success"
    assert json.loads(box.succeed("cat /mnt/data/backups/backup.json"))["good"]


def leak():
    """A program that asks for a name, and one that calls somebody."""
    box.execute("getent hosts telemetry.example.org", timeout=20)
    box.execute("timeout 3 bash -c 'exec 3<>/dev/tcp/203.0.113.7/4444'", timeout=20)


with subtest(f"{SECONDS} seconds of use show nothing else on the cable"):
    capture(day)
    assert len(packets(ASKED)) > 50, packets(ASKED)
    foreign = packets(f"not ({EXPECTED})")
    assert not foreign, "\n".join(foreign[:40])
    assert not packets("port 53"), packets("port 53")
    assert not packets(f"src {address} and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn")

with subtest("a leak would have been seen"):
    capture(leak)
    foreign = packets(f"not ({EXPECTED})")
    assert any("telemetry.example.org" in line for line in foreign), foreign
    assert any("203.0.113.7.4444" in line for line in foreign), foreign
    assert packets("port 53")

with subtest("the programs could not have called anybody"):
    for program in PROGRAMS:
        alone = f"nsenter -t $(systemctl show --value -p MainPID hearth-{program}) -n ip -o link"
        links = box.succeed(alone).splitlines()
        assert [link.split(": ")[1].split("@")[0] for link in links] == ["lo"], (program, links)

healthy()
