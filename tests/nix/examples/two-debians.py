# Shows the driver: two machines of Debian's own, a network, a reboot, a crash, kept data.
start_all()
for machine in machines:
    machine.wait_for_unit("multi-user.target")

with subtest("a page travels from one machine to the other"):
    box.wait_for_unit("page.service")
    box.wait_for_open_port(8000)
    client.wait_until_succeeds("curl -sf http://box:8000/greeting | grep hello", timeout=20)

with subtest("a pulled cable is a pulled cable"):
    box.block()
    client.fail("curl -sf --max-time 2 http://box:8000/")
    box.unblock()
    client.wait_until_succeeds("curl -sf --max-time 2 http://box:8000/greeting", timeout=20)

with subtest("IPAddressDeny is enforced"):
    box.succeed("systemd-run -q --wait curl -sf http://127.0.0.1:8000/greeting")
    box.fail("systemd-run -q --wait -p IPAddressDeny=any curl -sf -m 2 http://127.0.0.1:8000/")

with subtest("the host's kernel is out of reach"):
    box.fail("date -s 2000-01-01")
    box.fail("echo 1 > /proc/sys/vm/drop_caches")
    box.fail("systemd-run -q --wait date -s 2000-01-01")

with subtest("files travel both ways, and binds are read-only"):
    box.succeed("echo there > /root/note")
    box.copy_from_machine("/root/note")
    client.copy_from_host("note", "/root/note")
    client.succeed("grep there /root/note")
    box.fail("touch /opt/hearth/light/x")

with subtest("data outlives a reboot and a crash"):
    box.succeed("echo kept > /var/lib/marker; mkdir -p /mnt/data; echo kept > /mnt/data/marker")
    box.reboot()
    box.wait_for_unit("page.service")
    box.succeed("grep kept /var/lib/marker /mnt/data/marker")
    box.crash()
    box.start()
    box.wait_for_open_port(8000)
    box.succeed("grep kept /var/lib/marker")

box.succeed('test -z "$(systemctl --failed --plain --no-legend)"')
