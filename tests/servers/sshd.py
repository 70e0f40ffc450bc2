#!/usr/bin/env python3
"""A private sshd for tests, on a free port of 127.0.0.1, with keys of its own.

    sshd.py start DIR   makes DIR/sshd, prints {"host", "port", "user", "identity", "known_hosts", "pid", "config",
                        "other_identity", "closed_identity", "nul_identity", "authorized_keys"} as JSON: `identity` may log in
                        as `user` (who runs this), `other_identity` may not, to `closed_identity` nologin answers, to `nul_identity` NUL bytes; `config` is a file for `ssh -F`
    sshd.py stop DIR    ends it with its sessions and removes DIR/sshd

Works as root and as an ordinary user (who can only log in as themselves).
"""
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host_ed25519
HostKey {home}/host_ecdsa
PidFile {home}/pid
AuthorizedKeysFile {home}/authorized_keys
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
PrintMotd no
PermitRootLogin prohibit-password
MaxStartups 50
Subsystem sftp internal-sftp
"""


def keygen(path: str, kind: str) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "test", "-f", path], check=True)
    with open(path + ".pub", encoding="ascii") as text:
        return " ".join(text.read().split()[:2])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            return s.recv(4) == b"SSH-"
    except OSError:
        return False


def start(where: str) -> None:
    if not os.path.exists("/usr/sbin/sshd"):
        sys.exit("no /usr/sbin/sshd: install openssh-server")
    us = pwd.getpwuid(os.getuid())
    if os.path.basename(us.pw_shell) in ("nologin", "false"):
        sys.exit(f"{us.pw_name} may not log in on this machine ({us.pw_shell})")
    home = os.path.abspath(where) + "/sshd"
    os.makedirs(home, mode=0o700)
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    hosts = [keygen(home + "/host_ed25519", "ed25519"), keygen(home + "/host_ecdsa", "ecdsa")]
    user = keygen(home + "/user", "ed25519")
    keygen(home + "/other", "ed25519")
    closed = keygen(home + "/closed", "ed25519")
    nul = keygen(home + "/nul", "ed25519")
    files = {
        "sshd_config": CONFIG.format(port=port, home=home),
        "authorized_keys": f'{user}\ncommand="/usr/sbin/nologin" {closed}\ncommand="head -c 3 /dev/zero" {nul}\n',
        "known_hosts": "".join(f"[127.0.0.1]:{port} {key}\n" for key in hosts),
        "ssh_config": "",
    }
    for name, text in files.items():
        with open(f"{home}/{name}", "w", encoding="utf-8") as out:
            out.write(text)
    with open(home + "/log", "wb") as log:
        server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", home + "/sshd_config"],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  start_new_session=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None and not answers(port):
        time.sleep(0.02)
    if server.poll() is not None or not answers(port):
        with open(home + "/log", encoding="utf-8", errors="replace") as text:
            sys.exit("sshd did not start:\n" + text.read())
    about = {"host": "127.0.0.1", "port": port, "user": pwd.getpwuid(os.getuid()).pw_name,
             "identity": home + "/user", "other_identity": home + "/other",
             "closed_identity": home + "/closed", "nul_identity": home + "/nul",
             "known_hosts": home + "/known_hosts", "config": home + "/ssh_config",
             "authorized_keys": home + "/authorized_keys", "pid": server.pid}
    with open(where + "/sshd.json", "w", encoding="utf-8") as out:
        json.dump(about, out)
    print(json.dumps(about), flush=True)


def children(pid: int) -> list[int]:
    """All processes below pid, deepest last."""
    found = []
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
            for child in map(int, text.read().split()):
                found += [child] + children(child)
    except OSError:
        pass
    return found


def stop(where: str) -> None:
    try:
        with open(where + "/sshd.json", encoding="utf-8") as text:
            about = json.load(text)
    except FileNotFoundError:
        return
    for pid in [about["pid"]] + children(about["pid"]):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    shutil.rmtree(where + "/sshd", ignore_errors=True)
    os.unlink(where + "/sshd.json")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit(__doc__)
    {"start": start, "stop": stop}[sys.argv[1]](sys.argv[2])
