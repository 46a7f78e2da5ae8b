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
