# The house is backed up, destroyed and restored; a drill proves the backup, and one that must fail
# does.
REPOSITORY = "/mnt/data/backups/repository"
OURS = f'test -z "$(find {REPOSITORY} ! -user hearth-backup)"'
STAGED = "systemctl start --job-mode=ignore-dependencies hearth-backup.service"
WORDS = "on the same disk as the data"
COOKIES = ["-b", "/root/cookies", "-c", "/root/cookies", "-H", f"Origin: {URL}"]


def house(token):
    """What members see: the documents, the notes' actions, the conversations, and the members."""
    seen = {
        f"{pod} {what}": json.loads(curl(f"/api/v1/pods/{pod}/{what}", token=token))
        for pod in PODS
        for what in ("documents", "actions", "conversations")
    }
    return seen | {"members": json.loads(curl("/api/v1/members", *COOKIES))}


def metric(name):
    """One figure of those that lie there for node exporter, and so for the alerts."""
    said = box.succeed(f"cat /var/lib/hearth-metrics/{'_'.join(name.split('_')[:2])}.prom")
    [line] = [line for line in said.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


box.start()
client.start()
ready()
client.wait_for_unit("multi-user.target")
trust()

with subtest("data comes in through the front door"):
    token = sign_in()
    upload(token, "family", "family.ics", CALENDAR)
    upload(token, "finance", "landlord.txt", LETTER)
    told = ask(token, "family", "Remember that the bins go out on Thursdays", "a" * 32)
    [proposal] = [data["proposal"] for kind, data in told if kind == "proposal"]
    curl(f"/api/v1/pods/family/proposals/{proposal['id']}/confirm", "-X", "POST", token=token)
    mia = {"login": "mia", "name": "Mia", "role": "teen", "grants": {"family": ["ask", "read"]}}
    curl("/api/v1/members", *COOKIES, "--json", json.dumps(mia))
    said = answer(ask(token, "family", "What is on tomorrow?", "b" * 32))
    assert "Chimney sweep" in said, said

with subtest("before the first backup the status says that there is none"):
    assert "there is none" in box.fail(f"{HEARTH} backup status")

with subtest("the repository that root makes is the backup's own"):
    box.succeed(f"rm -rf {REPOSITORY}")
    box.succeed(f"{HEARTH} backup init")
    assert "There is none yet" in box.succeed(f"{HEARTH} backup list")
    box.succeed(OURS)

with subtest("the household's own folders have something in them"):
    box.succeed("install -d -m 0750 -g hearth-backup /mnt/data/knowledge/family")
    box.succeed("echo recipes > /mnt/data/knowledge/family/recipes.txt")
    box.succeed("echo plan > /mnt/data/outputs/plan.txt")

with subtest("the backup runs behind its walls, and says that it shares the data's disk"):
    before = house(token)
    box.succeed("systemctl start hearth-backup.service")
    held = manifests()
    assert held["pod-family"]["rows"]["pod.sqlite3"]["documents"] >= 1, held
    status = json.loads(box.succeed(f"{HEARTH} backup status --json"))
    assert status["backup"]["owners"] == 4, status
    assert status["backup"]["failure"] is None, status
    assert status["backup"]["same_disk"], status
    red = box.succeed(f"FORCE_COLOR=1 TERM=xterm {HEARTH} backup status")
    assert "\x1b[1;31mThe repository lies on" in red, red
    assert WORDS in red, red
    assert metric("hearth_backup_ok") == 1
    assert metric("hearth_backup_same_disk") == 1

with subtest("the kit is printed"):
    kit = box.succeed(f"{HEARTH} backup kit")
    assert f"Repository: {REPOSITORY}" in kit, kit
    assert "sudo hearth restore --kit" in kit, kit

with subtest("what is running is not overwritten"):
    assert "is running" in box.fail(f"{HEARTH} restore")

with subtest("destroyed, restored and started again, the house is the same"):
    box.succeed(STOP)
    box.succeed("rm -rf /mnt/data/hub /mnt/data/pods/* /mnt/data/snapshots/*/current")
    box.succeed("rm -rf /mnt/data/outputs /mnt/data/knowledge/family/recipes.txt")
    box.succeed("echo late > /mnt/data/knowledge/late.txt")
    box.succeed(f"{HEARTH} restore")
    box.succeed(f"{HEARTH} backup snapshot")
    assert manifests() == held, (manifests(), held)
    assert folders() == {
        "/mnt/data/knowledge/family/recipes.txt": ["root", "root", "644", "recipes"],
        "/mnt/data/outputs/plan.txt": ["root", "root", "644", "plan"],
    }, folders()
    assert box.succeed("stat -c '%U %G %a' /mnt/data/knowledge/family").split() == [
        *("root", "hearth-backup", "750")
    ]
    assert box.succeed("cat /mnt/data/knowledge.before-restore-*/late.txt").strip() == "late"
    box.succeed(OURS)
    box.succeed("systemctl start sockets.target timers.target multi-user.target")
    ready()
    assert house(token) == before, (house(token), before)
    again = answer(ask(token, "family", "What is on tomorrow?", "c" * 32))
    assert again == said, (again, said)
    for pod in PODS:
        owner = box.succeed(
            f"stat -c '%U %a' /mnt/data/pods/{pod} /mnt/data/pods/{pod}/pod.sqlite3"
        ).split()
        assert owner == [f"hearth-pod-{pod}", "700", f"hearth-pod-{pod}", "600"], owner

with subtest("the drill restores aside, compares and asks every kind of question"):
    box.succeed("systemctl start hearth-drill.service")
    assert metric("hearth_drill_ok") == 1
    assert metric("hearth_drill_questions") >= 3
    assert box.succeed("ls -A /mnt/data/scratch") == ""
    assert house(token)["finance conversations"] == before["finance conversations"]

with subtest(
    "a copy that is not what its manifest says: the drill fails and everybody hears of it"
):
    manifest = "/mnt/data/snapshots/pod-family/current/manifest.json"
    box.succeed(
        f"""sed -i 's/"documents": [0-9]*/"documents": 999/' {manifest} && grep -q '"documents": 999' {manifest}"""
    )
    box.succeed(STAGED)
    box.fail("systemctl start hearth-drill.service")
    assert "rows, not 999 rows" in journal("hearth-drill"), journal("hearth-drill")
    assert metric("hearth_drill_ok") == 0
    assert "The last drill failed" in box.succeed(f"{HEARTH} backup status")

with subtest("an empty backup fails loudly, and the last good one still counts"):
    box.succeed("mv /mnt/data/snapshots/pod-study/current /root/aside")
    box.fail(STAGED)
    assert "there is no copy of pod-study to store" in journal("hearth-backup"), journal(
        "hearth-backup"
    )
    assert metric("hearth_backup_ok") == 0
    status = box.succeed(f"{HEARTH} backup status")
    assert "The last try failed" in status, status

with subtest("what the backup may not read stops it, and it says what"):
    box.succeed("mv /root/aside /mnt/data/snapshots/pod-study/current")
    box.succeed("chgrp root /mnt/data/knowledge/family")
    box.fail(STAGED)
    said = journal("hearth-backup")
    assert "/mnt/data/knowledge/family: permission denied" in said, said
    box.succeed("chgrp hearth-backup /mnt/data/knowledge/family")
    # What root's restic would leave behind.
    index = f"{REPOSITORY}/index/{'0' * 64}"
    box.succeed(f"install -m 0400 /dev/null {index}")
    box.fail(OURS)
    box.fail(STAGED)
    said = journal("hearth-backup")
    assert f"chown -R hearth-backup: {REPOSITORY}" in said, said
    box.succeed(f"rm {index}")

with subtest("a drill believes the repository, not what restic remembers of it"):
    box.succeed("systemctl start hearth-backup.service")
    box.succeed(f"cp -a {REPOSITORY} whole")
    box.succeed(
        f"for file in {REPOSITORY}/snapshots/*; do printf x | dd of=$file bs=1 seek=40 conv=notrunc; done"
    )
    box.fail("systemctl start hearth-drill.service")
    said = journal("hearth-drill")
    assert f"{REPOSITORY}: the repository is damaged" in said, said
    assert "begin a new repository on another one" in said, said
    assert "there is no backup" not in said, said
    said = box.fail(f"{HEARTH} restore --into /root/look")
    assert "the repository is damaged" in said, said
    assert "name it with --snapshot" in said, said
    assert "cannot be read" in box.succeed(f"{HEARTH} backup list")
    box.succeed(f"rm -rf {REPOSITORY} && mv whole {REPOSITORY}")
    box.succeed("systemctl reset-failed hearth-drill.service")
    healthy()
