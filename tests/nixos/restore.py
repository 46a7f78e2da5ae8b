# A box is lost. A new one gets everything back from what is printed on the recovery kit, and its
# backups go on in the same repository: the disk that holds it is carried from the one to the other.
REPOSITORY = "/mnt/data/backups/repository"
FILES = {
    "/mnt/data/knowledge/recipes.txt": ["hearth-hub", "root", "644", "recipes"],
    "/mnt/data/outputs/trip/plan.txt": ["root", "hearth-backup", "640", "plan"],
}


def restore(lines, options=""):
    """The command that a person at the new box types the kit's lines into."""
    return f"printf '%s\\n' {shlex.join(lines)} | {HEARTH} restore --kit - {options}"


def password():
    """This box's own, as its nightly backup gets it."""
    sealed = "/var/lib/hearth/credentials/backup-password"
    return box.succeed(f"systemd-creds --name=backup-password decrypt {sealed} -").strip()


box.start()
client.start()
ready()
client.wait_for_unit("multi-user.target")
trust()

with subtest("a house in use is backed up, and its kit printed"):
    token = sign_in()
    upload(token, "family", "family.ics", CALENDAR)
    upload(token, "finance", "landlord.txt", LETTER)
    box.succeed("echo recipes > /mnt/data/knowledge/recipes.txt")
    box.succeed("chown hearth-hub /mnt/data/knowledge/recipes.txt")
    box.succeed("install -d -m 0755 /mnt/data/outputs/trip && cd /mnt/data/outputs/trip")
    box.succeed("cd /mnt/data/outputs/trip && echo plan > plan.txt")
    box.succeed("cd /mnt/data/outputs/trip && chgrp hearth-backup plan.txt && chmod 0640 plan.txt")
    assert folders() == FILES, folders()
    documents = curl("/api/v1/pods/family/documents", token=token)
    box.succeed("systemctl start hearth-backup.service")
    held = manifests()
    [first] = json.loads(box.succeed(f"{HEARTH} backup list --json"))["backups"]
    printed = box.succeed(f"{HEARTH} backup kit").splitlines()
    kit = [line for line in printed if line.startswith(("Box: ", "Repository: ", "Password: "))]
    assert len(kit) == 3, printed
    assert kit[1] == f"Repository: {REPOSITORY}", kit

with subtest("the box is lost; its disk of backups is not"):
    box.succeed(f"tar -C {REPOSITORY} -cf /root/disk.tar .")
    box.copy_from_machine("/root/disk.tar")
    box.crash()
    box = newbox
    box.start()
    ready()
    box.copy_from_host(
        os.path.join(os.environ.get("out", os.getcwd()), "disk.tar"), "/root/disk.tar"
    )
    # As a disk from elsewhere: nothing on it is this box's backup's.
    box.succeed(f"rm -rf {REPOSITORY} && mkdir {REPOSITORY}")
    box.succeed(f"tar -C {REPOSITORY} --no-same-owner -xf /root/disk.tar")
    assert f"Password: {password()}" != kit[2]
    box.fail("systemctl start hearth-backup.service")

with subtest("a look first, beside the house"):
    box.succeed(restore(kit, "--into /mnt/data/look"))
    assert box.succeed("cat /mnt/data/look/mnt/data/outputs/trip/plan.txt").strip() == "plan"
    box.succeed("test -s /mnt/data/look/pods/family/pod.sqlite3")
    box.succeed("test -s /mnt/data/look/configuration/hearth.toml")

with subtest("a wrong letter opens nothing, and changes nothing"):
    box.succeed(STOP)
    before = password()
    wrong = [*kit[:2], kit[2][:-1] + ("a" if kit[2][-1] != "a" else "b")]
    assert "the password does not open this repository" in box.fail(restore(wrong))
    assert "does not say: password" in box.fail(restore(kit[:2]))
    assert password() == before
    box.fail("ls -d /mnt/data/*.before-restore-*")

with subtest("everything comes back from the paper alone"):
    said = box.succeed(restore(kit))
    assert f"Backups go on in {REPOSITORY}." in said, said
    assert f"Password: {password()}" == kit[2]
    box.succeed(f"{HEARTH} backup snapshot")
    assert manifests() == held, (manifests(), held)
    assert folders() == FILES, folders()
    box.reboot()
    ready()
    trust()
    # With what the members had: the new box knows the token of the old one's.
    assert curl("/api/v1/pods/family/documents", token=token) == documents
    said = answer(ask(token, "family", "What is on tomorrow?", "a" * 32))
    assert "Chimney sweep" in said, said

with subtest("the next backup goes on in the same repository"):
    box.succeed("systemctl start hearth-backup.service")
    # The old one's stays where the new box has another name; else its own of today replaces it.
    newest = json.loads(box.succeed(f"{HEARTH} backup list --json"))["backups"][-1]
    assert newest["time"] > first["time"], (first, newest)
    assert kit[2] in box.succeed(f"{HEARTH} backup kit").splitlines()
    box.succeed(f'test -z "$(find {REPOSITORY} ! -user hearth-backup)"')
    healthy()
