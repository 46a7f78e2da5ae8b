# A certificate by ACME, from an authority that the household's devices trust already.
NAME = "hearth.home.arpa"
URL = f"https://{NAME}"
AUTHORITY = "ca.home.arpa"
ROOT = "/srv/home/.local/share/caddy/pki/authorities/local/root.crt"


def names(machine):
    """In place of a name server: each machine knows where both are."""
    lines = f"127.0.0.1 localhost\n{address} {NAME}\n{beside} {AUTHORITY}\n"
    machine.succeed(f"rm -f /etc/hosts; printf %s {shlex.quote(lines)} > /etc/hosts")


start_all()
box.wait_for_unit("multi-user.target")
client.wait_for_unit("multi-user.target")
address, beside = address_of(box), address_of(client)
for machine in (box, client):
    names(machine)

with subtest("a computer of the household's is its authority"):
    site = f"""{{
  admin off
  skip_install_trust
  auto_https disable_redirects
}}
https://{AUTHORITY} {{
  tls internal
  acme_server
}}
"""
    client.succeed(
        f"mkdir -p /srv/home && printf %s {shlex.quote(site)} > /srv/Caddyfile",
        "systemd-run --quiet --unit=authority --setenv=HOME=/srv/home "
        '"$(command -v caddy)" run --adapter caddyfile --config /srv/Caddyfile',
    )
    directory = f"https://{AUTHORITY}/acme/local/directory"
    client.wait_until_succeeds(f"curl -sf --cacert {ROOT} {directory}", timeout=60)
    client.succeed(f"cp {ROOT} /root/ca.crt")
    root = client.succeed("cat /root/ca.crt")
    # The box knows it from its configuration.
    box.succeed(f"printf %s {shlex.quote(root)} > /var/lib/hearth-authority.crt")
    box.succeed("systemctl reset-failed caddy; systemctl restart caddy")

with subtest("the box proves its name to it, and is trusted at once"):
    client.wait_until_succeeds(f"curl -s --cacert /root/ca.crt {URL}/", timeout=120)
    ready()
    issuer = client.succeed(
        f"openssl s_client -connect {NAME}:443 -servername {NAME} -CAfile /root/ca.crt "
        "-verify_return_error < /dev/null 2>&1 | openssl x509 -noout -issuer -ext subjectAltName"
    )
    assert f"DNS:{NAME}" in issuer, issuer
    assert "Hearth" not in issuer.replace(NAME, ""), issuer
    headers = client.succeed(f"curl -sI --cacert /root/ca.crt {URL}/")
    assert "strict-transport-security: max-age=31536000" in headers.lower(), headers

with subtest("its own authority takes no part, and gives nothing away"):
    box.fail("ls /var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt")
    said = client.succeed(
        f"curl -s -o /dev/null -w '%{{http_code}}' http://{NAME}/trust/hearth-root.crt"
    )
    assert said == "307", said

with subtest("the house is used as ever"):
    token = sign_in()
    upload(token, "family", "family.ics", CALENDAR)
    said = answer(ask(token, "family", "What is on tomorrow?", "a" * 32))
    assert "Chimney sweep" in said, said

with subtest("only Caddy may call the authority"):
    call = f"curl -s -m 5 --cacert /var/lib/hearth-authority.crt {directory}"
    box.succeed(f"setpriv --reuid=caddy --clear-groups {call}")
    box.fail(f"setpriv --reuid=hearth-hub --clear-groups {call}")

healthy()
