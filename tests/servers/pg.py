#!/usr/bin/env python3
"""A private PostgreSQL cluster for tests, on a unix socket and a free port of 127.0.0.1.

    pg.py start DIR    makes DIR/pg, prints {"socket_dir", "port", "user", "pid", "dbname"} as JSON
    pg.py tls DIR      from now on the role "certified" comes in over TCP by the certificate DIR/client.crt, DIR/client.key
                       alone; the server shows the same one
    pg.py stop DIR     ends it and removes DIR/pg

As root the cluster runs under the user "postgres" or "nobody", since PostgreSQL refuses root.
Role "watch" (superuser, trusted on the socket); over TCP passwords are asked for (scram).
"""
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


def bin_dir() -> str:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
    if not found:
        sys.exit("no PostgreSQL server in /usr/lib/postgresql: install postgresql-15")
    return found[-1]


def as_user() -> dict:
    """Keywords for subprocess that leave root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    sys.exit("running as root, and there is neither a user postgres nor nobody")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(where: str) -> None:
    # The path of a unix socket may have 107 bytes, and every folder above must be open to the other user: so the
    # cluster lives in a folder of its own below /tmp, and DIR keeps its name.
    os.makedirs(where, exist_ok=True)
    home = tempfile.mkdtemp(prefix="wdpg-", dir="/tmp")
    # Whoever wanted the cluster may end while it is being made: `stop` does not know it yet.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(1))
    try:
        about = make(home)
        with open(where + "/pg.json", "w", encoding="utf-8") as out:
            json.dump(about, out)
    except BaseException:
        remove(home)
        raise
    print(json.dumps(about), flush=True)


def make(home: str) -> dict:
    user = as_user()
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "HOME": home}
    if user:
        os.chown(home, user["user"], user["group"])
    os.chmod(home, 0o755)
    os.umask(0o022)
    data, log = home + "/data", home + "/log"
    subprocess.run([bin_dir() + "/initdb", "-D", data, "-U", "watch", "--auth-local=trust",
                    "--auth-host=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
                   check=True, cwd=home, env=env, stdout=subprocess.DEVNULL, **user)
    port = free_port()
    with open(log, "wb") as out:
        server = subprocess.Popen(
            [bin_dir() + "/postgres", "-D", data, "-k", home, "-p", str(port),
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB",
             "-c", "max_connections=40", "-c", "autovacuum=off"],
            cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, **user)
    try:
        wait_ready(server, home, port, env)
    except BaseException:
        server.kill()
        server.wait()
        raise
    return {"socket_dir": home, "port": port, "user": "watch", "pid": server.pid, "dbname": "postgres"}


def wait_ready(server: subprocess.Popen, home: str, port: int, env: dict) -> None:
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        if subprocess.run([bin_dir() + "/pg_isready", "-q", "-h", home, "-p", str(port)],
                          env=env, check=False).returncode == 0:
            return
        time.sleep(0.05)
    with open(home + "/log", encoding="utf-8", errors="replace") as text:
        sys.exit("PostgreSQL did not start:\n" + text.read())


def remove(home: str) -> None:
    """Its children end a moment later, and may still write into what is being removed."""
    end = time.monotonic() + 60
    while os.path.exists(home):
        if time.monotonic() > end:
            sys.exit(f"{home} cannot be removed")
        shutil.rmtree(home, ignore_errors=True)
        time.sleep(0.02)


def tls(where: str) -> None:
    with open(where + "/pg.json", encoding="utf-8") as text:
        about = json.load(text)
    home, user = about["socket_dir"], as_user()
    key, cert = home + "/tls.key", home + "/tls.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=certified", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", cert], check=True, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    shutil.copy(cert, where + "/client.crt")
    with open(os.open(where + "/client.key", os.O_CREAT | os.O_WRONLY, 0o600), "wb") as out, open(key, "rb") as mine:
        out.write(mine.read())
    with open(home + "/data/pg_hba.conf", "r+", encoding="utf-8") as hba:
        rest = hba.read()
        hba.seek(0)
        hba.write("hostssl all certified 127.0.0.1/32 cert\n" + rest)
    psql = [bin_dir() + "/psql", "-q", "-h", home, "-p", str(about["port"]), "-U", "watch", "-d", "postgres"]
    settings = {"ssl_cert_file": cert, "ssl_key_file": key, "ssl_ca_file": cert, "ssl": "on"}
    sql = "".join(f"ALTER SYSTEM SET {name} = '{value}';\n" for name, value in settings.items())
    subprocess.run(psql, input=sql + "CREATE ROLE certified LOGIN;\nSELECT pg_reload_conf();\n", text=True, check=True,
                   stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while subprocess.run(psql[:2] + [f"host=127.0.0.1 port={about['port']} dbname=postgres user=certified sslmode=require "
                                     f"sslcert={where}/client.crt sslkey={where}/client.key", "-c", "SELECT 1"],
                         check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        if time.monotonic() > end:
            sys.exit("PostgreSQL does not take the certificate")
        time.sleep(0.02)


def stop(where: str) -> None:
    try:
        with open(where + "/pg.json", encoding="utf-8") as text:
            about = json.load(text)
    except FileNotFoundError:
        return
    try:
        os.kill(about["pid"], signal.SIGQUIT)  # immediate: the data is thrown away
    except ProcessLookupError:
        pass
    end = time.monotonic() + 60
    while not gone(about["pid"]):
        if time.monotonic() > end:
            sys.exit(f"PostgreSQL (pid {about['pid']}) does not end")
        time.sleep(0.02)
    remove(about["socket_dir"])
    for name in ("pg.json", "client.crt", "client.key"):
        if os.path.exists(f"{where}/{name}"):
            os.unlink(f"{where}/{name}")


def gone(pid: int) -> bool:
    """Ended, though perhaps not reaped yet by whoever adopted it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as text:
            return text.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "tls", "stop"):
        sys.exit(__doc__)
    {"start": start, "tls": tls, "stop": stop}[sys.argv[1]](sys.argv[2])
