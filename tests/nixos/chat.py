# A member asks from another computer: trusted certificate, sign-in, a streamed answer with its source.
start_all()
ready()
client.wait_for_unit("multi-user.target")

with subtest("the household's computers find the house by its name"):
    for machine in (box, client):
        machine.wait_for_unit("avahi-daemon.service", timeout=60)
    found = client.wait_until_succeeds(f"avahi-resolve-host-name -4 {NAME}", timeout=60)
    assert found.split() == [NAME, address_of(box)], found

with subtest("nobody is let in without the certificate or the sign-in"):
    trust()
    client.fail(f"curl -sf {URL}/")
    assert "trust" in client.succeed(f"curl -s http://{NAME}/trust")
    client.succeed(
        f"curl -s -o /dev/null -w '%{{http_code}}' --cacert /root/ca.crt {URL}/api/v1/pods | grep -x 401"
    )
    client.succeed(f"curl -s -o /dev/null -w '%{{redirect_url}}' http://{NAME}/ | grep -x {URL}/")

with subtest("the one-time link works once"):
    token = sign_in()
    assert {pod["name"] for pod in json.loads(curl("/api/v1/pods", token=token))} == set(PODS)

with subtest("an answer is computed, streamed and cited"):
    assert upload(token, "family", "family.ics", CALENDAR)["state"] == "indexed"
    told = ask(token, "family", "What is on tomorrow?", "a" * 32)
    kinds = [kind for kind, _ in told]
    assert kinds[0] == "start", kinds
    assert kinds.index("token") < kinds.index("done"), kinds
    assert "Chimney sweep" in answer(told), told
    [citation] = [data["citation"] for kind, data in told if kind == "citation"]
    assert citation["source"] == "family.ics", citation

with subtest("a letter is read and quoted"):
    upload(token, "family", "landlord.txt", LETTER)
    told = ask(token, "family", "What does the landlord's letter say about the heating?", "b" * 32)
    assert "8 December 2026" in answer(told), told

with subtest("what nobody wrote down is not known"):
    assert "know" in answer(ask(token, "study", "Who may fetch Mia from school?", "c" * 32))

with subtest("a proposal changes nothing until it is confirmed, and can be undone"):
    told = ask(token, "family", "Remember that the bins go out on Thursdays", "d" * 32)
    [proposal] = [data["proposal"] for kind, data in told if kind == "proposal"]
    curl(f"/api/v1/pods/family/proposals/{proposal['id']}/confirm", "-X", "POST", token=token)
    curl(f"/api/v1/pods/family/actions/{proposal['id']}/undo", "-X", "POST", token=token)

with subtest("OpenAI's way in"):
    body = {"model": "family", "messages": [{"role": "user", "content": "What is on tomorrow?"}]}
    said = json.loads(curl("/v1/chat/completions", "--json", json.dumps(body), token=token))
    assert "Chimney sweep" in said["choices"][0]["message"]["content"], said

healthy()
