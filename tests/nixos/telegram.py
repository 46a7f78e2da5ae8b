# A pod over Telegram, from a code to an answer, with a Bot API server on the box itself; and what the
# bot's program cannot do, tried from inside its unit's own walls.
start_all()
for pod in ("family", "finance"):  # as sops would have put them there
    box.succeed("install -d -m 0700 /run/secrets")
    box.succeed(f"umask 077; printf %s 8312040275:AAGp0vY2cQ-{pod} > /run/secrets/telegram-{pod}")
ready()
client.wait_for_unit("multi-user.target")
trust()

UNIT = "hearth-telegram-family"
[PYTHON] = [
    line.partition("=")[2].split()[0]
    for line in box.succeed(f"systemctl cat {UNIT}").splitlines()
    if line.startswith("ExecStart=")
]
# The two methods that bring and take messages, by the Bot API's documentation; tests/app/telegram
# has a stricter one. What people write is a line of `updates` each, what the bot sends one of `sent`.
BOT_API = r"""
import json, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass  # each address has the token in it

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        token, method = self.path.removeprefix("/bot").split("/")
        given = {key: value[0] for key, value in form.items()}
        if token != "8312040275:AAGp0vY2cQ-family":
            return self.say(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        self.say(200, {"ok": True, "result": getattr(self, method, lambda _: True)(given)})

    def getUpdates(self, given):
        until = time.monotonic() + int(given["timeout"])
        while time.monotonic() < until:
            every = [json.loads(line) for line in open("/run/bot/updates")]
            if new := [one for one in every if one["update_id"] >= int(given.get("offset", 0))]:
                return new
            time.sleep(0.1)
        return []

    def sendMessage(self, given):
        with open("/run/bot/sent", "a") as sent:
            sent.write(json.dumps(given) + "\n")
        chat = {"id": int(given["chat_id"]), "type": "private", "first_name": "Somebody"}
        return {"message_id": 1, "date": int(time.time()), "chat": chat, "text": given["text"]}

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", 8081), Answer).serve_forever()
"""
box.succeed("mkdir -p /run/bot && touch /run/bot/updates /run/bot/sent")
box.succeed(f"printf %s {shlex.quote(BOT_API)} > /run/bot/api.py")
box.succeed(f"systemd-run --unit=bot-api {PYTHON} /run/bot/api.py")
box.wait_for_open_port(8081)


def says(number, text, user=5000000001):
    """Somebody writes to the bot."""
    person = {"id": user, "first_name": "Anna"}
    message = {
        "message_id": number,
        "date": 1800000000,
        "chat": person | {"type": "private"},
        "from": person | {"is_bot": False},
        "text": text,
    }
    line = json.dumps({"update_id": 710000000 + number, "message": message})
    box.succeed(f"printf '%s\\n' {shlex.quote(line)} >> /run/bot/updates")


def hears(count, timeout=180):
    """What the bot has sent, once there is so much of it."""
    box.wait_until_succeeds(f"[ $(wc -l < /run/bot/sent) -ge {count} ]", timeout=timeout)
    return [json.loads(line)["text"] for line in box.succeed("cat /run/bot/sent").splitlines()]


with subtest("both bots are up, one of them without a way to Telegram"):
    for pod in ("family", "finance"):
        box.wait_for_unit(f"hearth-telegram-{pod}.service", timeout=120)

with subtest("a code links an account, and a question is answered from the pod's calendar"):
    token = sign_in()
    upload(token, "family", "home.ics", CALENDAR)
    code = json.loads(box.succeed(f"{HEARTH} telegram code --pod family --json"))["code"]
    says(1, f"/start {code}")
    assert hears(1)[0].startswith("Hello "), hears(1)
    says(2, "When does the chimney sweep come?")
    assert "08:30" in hears(2)[1], hears(2)
    says(3, "/start nothing-good", user=5000000002)
    assert "not valid" in hears(3)[2], hears(3)

with subtest("a kill loses nothing and answers nothing twice"):
    box.succeed(f"systemctl kill -s KILL {UNIT}")
    says(4, "/help")
    assert "/undo" in hears(4)[3], hears(4)
    assert len(hears(4)) == 4, hears(4)

with subtest("the token is where it belongs and nowhere else"):
    grep = "grep -aF AAGp0vY2cQ-"
    for command in (
        "journalctl -o export --all | grep -av COMMAND=",
        f"systemctl show --all '{UNIT}*'",
        f"cat /proc/$(systemctl show -P MainPID {UNIT})/environ",
        f"cat /proc/$(systemctl show -P MainPID {UNIT})/cmdline",
        "cat /etc/hearth/hearth.toml",
    ):
        box.fail(f"{command} | {grep}")
    box.succeed(f"cat /run/credentials/{UNIT}.service/* | {grep}")

PROBE = r"""
import json, os, pathlib, socket, sys
said = {}
def attempt(name, do):
    try:
        do()
        said[name] = "ok"
    except OSError as error:
        said[name] = os.strerror(error.errno)
def opened(path):
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(path)
for path in json.loads(sys.argv[1]):
    attempt(f"open {path}", lambda: opened(path))
for path in ("/mnt/data/pods", "/mnt/data/hub", "/mnt/data/telegram/finance", "/root", "/var/lib/hearth/credentials", "/mnt/data/telegram/family"):
    attempt(f"list {path}", lambda: os.listdir(path))
for path in ("/etc", "/var/lib", "/run", "/mnt/data", "/mnt/data/telegram/family"):
    attempt(f"write {path}", lambda: (pathlib.Path(path, "probe").touch(), os.unlink(f"{path}/probe")))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close())
attempt("internet", lambda: socket.create_connection(("127.0.0.1", 8081), 3).close())
attempt("root", lambda: os.setuid(0))
said["credentials"] = sorted(f for _, _, files in os.walk("/run/credentials") for f in files)
print(json.dumps(said))
"""

with subtest("its walls: its own door at the hub, its own folder, its own token"):
    own = "/run/hearth/hub/telegram-family.sock"
    doors = box.succeed("find /run/hearth /run/dbus /run/systemd -type s").split()
    assert {own, "/run/hearth/hub/web.sock"} <= set(doors), doors
    text = box.succeed(f"systemctl cat {UNIT}").splitlines()
    section = text[text.index("[Service]") + 1 :]
    section = section[: next((i for i, line in enumerate(section) if line.startswith("[")), None)]
    dropped = (
        "Type=",
        "ExecStart",
        "Restart",
        "Watchdog",
        "Timeout",
        "Syslog",
        "NotifyAccess",
        "#",
    )
    kept = [line for line in section if "=" in line and not line.startswith(dropped)]
    probe = ["[Service]", *kept, "Type=oneshot", "StandardInput=file:/run/bot/probe.py"]
    probe += ["StandardOutput=truncate:/run/bot/said"]
    probe += [f"ExecStart={PYTHON} - '{json.dumps(doors)}'", ""]
    box.succeed(f"printf %s {shlex.quote(PROBE)} > /run/bot/probe.py")
    unit = shlex.quote("\n".join(probe))
    box.succeed(f"printf %s {unit} > /run/systemd/system/probe.service; systemctl daemon-reload")
    status, _ = box.execute("systemctl start probe.service")
    assert status == 0, box.execute("journalctl -u probe --no-pager -n 40")[1]
    said = json.loads(box.succeed("cat /run/bot/said"))
    went = {name for name, result in said.items() if result == "ok"}
    assert went == {
        f"open {own}",
        "list /mnt/data/telegram/family",
        "write /mnt/data/telegram/family",
        "internet",
    }, said
    assert said["credentials"] == ["telegram-token-family"], said

healthy()
