# The box watches itself: every program is read, every picture has something to show, and a program
# that stays away raises an alert that the household reads on its pages.
start_all()
ready()
client.wait_for_unit("multi-user.target")
for unit in ["prometheus.service", "prometheus-node-exporter.service", "hearth-watch.service"]:
    box.wait_for_unit(unit, timeout=60)

PROMETHEUS = "http://127.0.0.1:9090/api/v1"
VIRTUAL = ("nvidia_smi_", "smartctl_")  # no machine here has a GPU, or a disk that is one


def prometheus(path, **given):
    """What Prometheus' API answers."""
    data = [word for key, value in given.items() for word in ["--data-urlencode", f"{key}={value}"]]
    said = json.loads(box.succeed(shlex.join(["curl", "-sS", "-G", *data, f"{PROMETHEUS}/{path}"])))
    assert said["status"] == "success", (given, said)
    return said["data"]


def value(query):
    """What a query returns now."""
    return prometheus("query", query=query)["result"]


def queries():
    """Every query of every dashboard."""
    for name in box.succeed("ls /etc/hearth-dashboards/").split():
        if name.endswith(".json"):
            dashboard = json.loads(box.succeed(f"cat /etc/hearth-dashboards/{name}"))
            # A row that is folded holds its panels.
            for panel in [
                one for top in dashboard["panels"] for one in [top, *top.get("panels", [])]
            ]:
                yield from (target["expr"] for target in panel.get("targets", []))


def down():
    """The targets that are not up, but for the disks' health."""
    targets = prometheus("targets")["activeTargets"]
    return [
        (target["labels"], target["lastError"])
        for target in targets
        if target["labels"]["job"] != "smart" and target["health"] != "up"
    ]


def alerts():
    """The state of each alert about a program that does not answer."""
    found = value('ALERTS{alertname="ProgramDown"}')
    return {(one["metric"]["program"], one["metric"]["alertstate"]) for one in found}


def told():
    """What the owner's browser is told of programs that do not answer, and the whole answer."""
    box = json.loads(curl("/api/v1/box", "-b", "/root/cookies"))
    return {each["pod"]: each for each in box["troubles"] if each["name"] == "ProgramDown"}, box


def banner():
    """The banner of the owner's front page."""
    page = curl("/", "-b", "/root/cookies", "-H", "Accept: text/html")
    return page.partition('aria-label="What needs you"')[2].partition("</aside>")[0]


with subtest("the rules are what promtool accepts"):
    config = prometheus("status/flags")["config.file"]
    box.succeed(f"promtool check config {config}")
    groups = prometheus("rules")["groups"]
    files = sorted({group["file"] for group in groups})
    assert len(files) >= 3, files
    box.succeed(f"promtool check rules {shlex.join(files)}")
    for rule in [rule for group in groups for rule in group["rules"]]:
        assert rule["annotations"]["what_to_do"], rule

with subtest("nobody else is let at the figures"):
    address = trust()
    knocks = [
        f'(! curl -s --max-time 1 http://{address}:{port}/metrics) & all="$all $!"'
        for port in [3000, 8421, 9090, 9093, 9100, 61208]
    ]
    client.succeed("\n".join(["all=", *knocks, "for one in $all; do wait $one || exit 1; done"]))
    for path in ["/monitoring/", "/metrics/hub"]:
        client.fail(f"curl -sf --cacert /root/ca.crt {URL}{path}")

with subtest("a house that is used"):
    token = sign_in()
    upload(token, "family", "family.ics", CALENDAR)
    assert "Chimney sweep" in answer(ask(token, "family", "What is on tomorrow?", "a" * 32))

with subtest("every target is up"):
    retry(lambda _last: not down(), 40)
    jobs = {target["labels"]["job"] for target in prometheus("targets")["activeTargets"]}
    assert {"hearth", "caddy", "prometheus", "node"} <= jobs, jobs
    assert {one["metric"]["program"] for one in value('up{job="hearth"} == 1')} == set(PROGRAMS)
    assert not alerts(), alerts()

with subtest("hearth-watch reaches loopback and nothing else, and sees no data"):
    # Behind the walls there is no /run, and so no PATH that leads anywhere.
    bash, setpriv = (
        box.succeed(f"readlink -f $(command -v {name})").strip() for name in ["bash", "setpriv"]
    )
    inside = f"nsenter -t {box.get_unit_property('hearth-watch.service', 'MainPID')} -m"
    assert box.succeed(f"{inside} {bash} -c 'echo /mnt/data/*'").strip() == "/mnt/data/*"
    walls = [
        f"-p {name}={shlex.quote(box.get_unit_property('hearth-watch.service', name))}"
        for name in ["IPAddressDeny", "IPAddressAllow"]
    ]
    for place, walled, status in [(address, [], 0), ("127.0.0.1", walls, 0), (address, walls, 1)]:
        reach = f"timeout 3 {bash} -c '</dev/tcp/{place}/443'"
        done = box.execute(f"systemd-run --quiet --wait --collect {' '.join(walled)} {reach}")[0]
        assert (done != 0) == status, (place, walled, done)

with subtest("the hub reads the records of backups, and not the backups"):
    hub = box.get_unit_property("hearth-hub.service", "MainPID")
    within = f"nsenter -t {hub} -m {setpriv} --reuid hearth-hub --regid hearth-hub --init-groups"
    box.succeed("test -d /mnt/data/backups/repository")
    box.succeed(f"{within} {bash} -c 'cd /mnt/data/backups'")
    box.fail(f"{within} {bash} -c 'cd /mnt/data/backups/repository'")
    box.fail(
        "setpriv --reuid hearth-pod-study --clear-groups cat /var/lib/hearth-watch/report.json"
    )

with subtest("the owner is told of the box, and nobody who has not signed in"):
    retry(lambda _last: told()[1]["report"] is not None, 40)
    found, machine = told()
    assert not found, found
    assert {part["name"] for part in machine["report"]["watched"]} >= {*PROGRAMS, "node", "caddy"}
    [certificate] = machine["report"]["certificates"]
    assert (certificate["name"], certificate["fault"]) == (NAME, ""), certificate
    status = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", "/root/ca.crt"]
    assert client.succeed(shlex.join([*status, f"{URL}/api/v1/box"])) == "401"
    bearer = [*status, "-H", f"Authorization: Bearer {token}", f"{URL}/api/v1/box"]
    assert client.succeed(shlex.join(bearer)) == "403"

with subtest("a unit is stopped"):
    # With its sockets: whoever knocks would wake it, and Prometheus knocks.
    box.succeed("systemctl stop 'hearth-pod-study-*.socket' hearth-pod-study.service")
    box.fail("systemctl is-active hearth-pod-study.service")

with subtest("every picture has something to show"):
    box.succeed("systemctl start hearth-backup.service")
    box.succeed("systemctl start hearth-drill.service")
    ask(token, "family", "What is on tomorrow?", "b" * 32)
    wanted = [query for query in queries() if not any(word in query for word in VIRTUAL)]
    assert len(wanted) > 60, len(wanted)
    # A container has no disk of its own, and so none at these places.
    if box.execute("systemd-detect-virt --container")[0] == 0:
        wanted = [query for query in wanted if 'mountpoint="/"' not in query]
    empty = wanted
    # A rate needs two measurements.
    for _ in range(15):
        empty = [query for query in empty if not value(query)]
        if not empty:
            break
        box.sleep(4)
    assert not empty, "\n".join(empty)

with subtest("an alert says that the unit is down, and of nobody else"):
    retry(lambda _last: bool(alerts()), 60)
    retry(lambda _last: ("pod-study", "firing") in alerts(), 200)
    assert alerts() == {("pod-study", "firing")}, alerts()
    [fired] = [
        one for one in prometheus("alerts")["alerts"] if one["labels"]["alertname"] == "ProgramDown"
    ]
    assert "journalctl -u hearth-pod-study" in fired["annotations"]["what_to_do"], fired

with subtest("the owner reads it over HTTPS, and so does who looks on the box"):
    retry(lambda _last: set(told()[0]) == {"study"}, 40)
    trouble = told()[0]["study"]
    assert "The pod study does not answer." in trouble["what"], trouble
    assert "journalctl -u hearth-pod-study" in trouble["remedy"], trouble
    assert trouble["since"], trouble
    assert "The pod study does not answer." in banner(), banner()
    status, said = box.execute(f"{HEARTH} status")
    assert status == 1, said
    assert "The pod study does not answer." in said, said

with subtest("and it is quiet again when the unit is back"):
    box.succeed(
        "systemctl start 'hearth-pod-study-hub.socket' 'hearth-pod-study-ops.socket' hearth-pod-study.service"
    )
    retry(lambda _last: not alerts(), 60)
    retry(lambda _last: not told()[0], 40)
    assert "study" not in banner(), banner()

healthy()
