# Programs and the machine are killed while they answer and while they read: all comes back by
# itself, and what was acknowledged is there.
start_all()
ready()
trust()
token = sign_in()
upload(token, "family", "family.ics", CALENDAR)

accepted = []
uploaded = ["family.ics"]


def accept(pod="family", question="What is on tomorrow?"):
    """A question that the house has acknowledged."""
    turn = f"{len(accepted) + 1:032x}"
    put(token, pod, question, turn)
    accepted.append((pod, turn))


def state(pod, turn):
    """Where an accepted turn stands; the house may still be coming back."""
    path = f"{URL}/api/v1/pods/{pod}/turns/{turn}"
    words = [
        "curl",
        "-sf",
        "-m",
        "10",
        "--cacert",
        "/root/ca.crt",
        "-H",
        f"Authorization: Bearer {token}",
        path,
    ]
    status, said = client.execute(shlex.join(words))
    return json.loads(said) if status == 0 else {"state": "unreachable"}


def all_end(timeout=180):
    """Every accepted turn has an answer, or words that it failed."""
    for pod, turn in accepted:
        retry(lambda _: state(pod, turn)["state"] in {"done", "failed"}, timeout)
        message = state(pod, turn)["message"]
        assert message["text"], (pod, turn, message)


def all_there():
    """Every acknowledged file is there."""
    listed = {
        document["path"]
        for document in json.loads(curl("/api/v1/pods/family/documents", token=token))
    }
    assert set(uploaded) <= listed, (uploaded, listed)


for unit in ["hearth-pod-family", "hearth-hub", "hearth-inference", "caddy"]:
    with subtest(f"{unit} is killed in the middle of a turn, and comes back"):
        accept()
        before = box.get_unit_property(f"{unit}.service", "MainPID")
        box.succeed(f"systemctl kill -s SIGKILL {unit}.service")
        box.wait_until_succeeds(
            f"systemctl is-active {unit}.service && test $(systemctl show --value -p MainPID {unit}.service) != {before}",
            timeout=120,
        )
        ready()
        all_end()

with subtest("a model's process is killed alone: its server stays, and answers the next question"):
    server = "hearth-inference.service"
    before = [box.get_unit_property(server, name) for name in ("MainPID", "NRestarts")]
    accept()
    retry(lambda _: state(*accepted[-1])["state"] in {"running", "done"}, 60)
    killed = models()[0]
    box.succeed(f"kill -KILL {killed}")
    all_end()
    accept()
    all_end()
    assert state(*accepted[-1])["state"] == "done", state(*accepted[-1])
    assert before == [box.get_unit_property(server, name) for name in ("MainPID", "NRestarts")]
    assert killed not in models()
    assert len(models()) == 2, models()
    told = box.succeed("curl -s --unix-socket /run/hearth/inference/ops.sock http://ops/metrics")
    deaths = [line for line in told.splitlines() if "hearth_inference_restarts_total{" in line]
    assert sorted(line.split()[-1] for line in deaths) == ["0.0", "1.0"], deaths
    all_there()

with subtest("a server that starts again reads from the disk what all pods share"):
    kept = "journalctl -b --no-pager -o cat -u hearth-inference HEARTH_TO_COMPUTE=0"
    box.wait_until_succeeds(
        f"ls /mnt/data/inference/prefixes/*/*.state | grep -c . | grep -x {len(PODS)}"
    )
    earlier = box.execute(f"{kept} | grep -c .")[1].strip()
    box.succeed("systemctl restart hearth-inference.service")
    box.wait_until_succeeds(f"test $({kept} | grep -c .) -gt {earlier}", timeout=60)
    assert not models()[2:], models()
    healthy()

with subtest("a pod is killed while it reads"):
    for number in range(3):
        upload(
            token, "family", f"letter-{number}.txt", LETTER.replace("Keller", f"Keller {number}")
        )
        uploaded.append(f"letter-{number}.txt")
        box.succeed("systemctl kill -s SIGKILL hearth-pod-family.service")
        box.wait_until_succeeds("systemctl is-active hearth-pod-family.service", timeout=60)
    all_there()

with subtest("everything is killed at once"):
    accept()
    accept("finance", "How much did we spend on groceries last month?")
    box.succeed("systemctl kill -s SIGKILL 'hearth-*.service' caddy.service")
    ready()
    all_end()
    all_there()

with subtest("the machine loses its power in the middle of a turn"):
    accept()
    box.crash()
    box.start()
    ready()
    all_end()
    all_there()

healthy()
