"""host-health: its script in a plain shell, and the whole way through a private sshd."""
import os
import shutil
import subprocess

import pytest
import yaml

from far import ROOT, Server, attempt, records, write_config

LIMITS = {"DISK_WARN": 85, "DISK_FAIL": 95, "MEMORY_WARN": 90, "MEMORY_FAIL": 97, "LOAD_WARN": 150, "LOAD_FAIL": 400}


def run(shell, host=None, **limits):
    """The script as sshd would run it. host: a folder that stands for a host: bin/ before PATH, proc/ for /proc, run/ for /run."""
    with open(os.path.join(ROOT, "backends/catalog/host-health.yaml")) as f:
        script = yaml.safe_load(f)["collect"]["checks"]["ssh"]["script"]
    path = os.environ["PATH"]
    if host:
        script = script.replace("/proc/", "%s/proc/" % host).replace("/run/", "%s/run/" % host)
        path = "%s/bin:%s" % (host, path)
    env = {"PATH": path, **{k: str(v) for k, v in {**LIMITS, **limits}.items()}}
    command = [shell, "sh", "-s"] if shell == "busybox" else [shell, "-s"]
    done = subprocess.run(command, input=script, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert all(len(row) == 5 for row in rows), rows
    return {row[0]: row for row in rows}


@pytest.mark.parametrize("shell", [s for s in ("sh", "dash", "bash", "busybox") if shutil.which(s)])
def test_script(shell):
    have = run(shell)
    assert {"memory", "load"} <= set(have) and any(name.startswith("disk /") for name in have)
    assert {row[1] for row in have.values()} <= {"ok", "warn", "failing"}
    assert len({row[0] for row in have.values()}) == len(have)


def test_limits_decide():
    for what, warn, fail in (("disk /", "DISK_WARN", "DISK_FAIL"), ("memory", "MEMORY_WARN", "MEMORY_FAIL"), ("load", "LOAD_WARN", "LOAD_FAIL")):
        low = [r[1] for n, r in run("sh", **{warn: 0, fail: 100000}).items() if n.startswith(what)]
        high = [r[1] for n, r in run("sh", **{warn: 0, fail: 0}).items() if n.startswith(what)]
        assert low and set(low) == {"warn"} and set(high) == {"failing"}


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
/dev/loop3 /snap/core/1 squashfs ro 0 0
/dev/sr0 /media/cd iso9660 ro 0 0
overlay /var/lib/docker/overlay2/abc/merged overlay rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/sdb1 /data\\040of\\040teams xfs rw 0 0
/dev/sda1 /srv/bind ext4 rw 0 0
//nas/public\\040share /mnt/nas cifs rw 0 0
"""
DF = """\
Filesystem         1024-blocks      Used Available Capacity Mounted on
/dev/sda1             10000000   9600000    400000      96% /
/dev/loop3               60000     60000         0     100% /snap/core/1
/dev/sr0                700000    700000         0     100% /media/cd
overlay               10000000   9600000    400000      96% /var/lib/docker/overlay2/abc/merged
tmpfs                   100000    100000         0     100% /run
/dev/sdb1            100000000  87000000  13000000      87% /data of teams
/dev/sda1             10000000   9600000    400000      96% /srv/bind
//nas/public share   200000000  10000000 190000000       5% /mnt/nas
udev                         0         0         0       -  /dev/odd
"""
MEMORY = "MemTotal: 1000 kB\nMemFree: 200 kB\nMemAvailable: 80 kB\nBuffers: 100 kB\nCached: 300 kB\n"


@pytest.fixture
def host(tmp_path):
    """A host whose tools answer what a test writes down."""
    for name in ("bin", "proc"):
        (tmp_path / name).mkdir()

    def tool(name, text):
        path = tmp_path / "bin" / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def have(**files):
        for name, text in files.items():
            (tmp_path / "proc" / name).write_text(text)

    have(mounts=MOUNTS, meminfo=MEMORY, loadavg="0.10 0.20 6.40 1/100 4242\n")
    tool("df", "cat <<'END'\n%sEND\nexit 1\n" % DF)
    tool("getconf", "echo 4\n")
    tool("systemctl", "exit 1\n")
    have.folder, have.tool = str(tmp_path), tool
    return have


def test_odd_mounts(host):
    """Images and overlays are full by nature; a device counts once; blanks in names; df itself ends with an error."""
    disks = {name: row for name, row in run("sh", host.folder).items() if name.startswith("disk")}
    assert {name: row[1] for name, row in disks.items()} == {"disk /": "failing", "disk /data of teams": "warn", "disk /mnt/nas": "ok"}
    assert disks["disk /data of teams"][2:] == ["Disk /data of teams 87 % full", "disk", "/data of teams"]


def test_load_counts_for_each_processor(host):
    assert run("sh", host.folder)["load"][1:3] == ["warn", "Load 6 on 4 processors"]
    host.tool("getconf", "echo 16\n")
    assert run("sh", host.folder)["load"][1:3] == ["ok", "Load is fine for 16 processors"]


def test_memory_of_old_kernels(host):
    assert run("sh", host.folder)["memory"][1:3] == ["warn", "Memory 92 % used"]
    host(meminfo=MEMORY.replace("MemAvailable: 80 kB\n", ""))
    assert run("sh", host.folder)["memory"][1:3] == ["ok", "Memory 40 % used or little more"]


def test_units(host):
    assert not [name for name in run("sh", host.folder) if name.startswith("unit")], "no systemd there"
    os.makedirs(host.folder + "/run/systemd/system")
    assert run("sh", host.folder)["units"][1] == "warn"
    host.tool("systemctl", "exit 0\n")
    assert not [name for name in run("sh", host.folder) if name.startswith("unit")]
    host.tool("systemctl", "echo 'etl@7.service loaded failed failed Nightly ETL'\n")
    assert run("sh", host.folder)["unit etl@7.service"][1:] == ["failing", "etl@7.service failed", "unit", "etl@7.service"]


def test_a_df_that_does_not_return(host):
    """The dead server is said; the local disks are still read."""
    host.tool("timeout", "shift; exec \"$@\"\n")
    host.tool("df", "case $* in *-l*) cat <<'END'\n%sEND\n;; *) exit 124 ;; esac\n" % DF)
    have = run("sh", host.folder)
    assert have["disks"][1] == "warn" and have["disk /"][1] == "failing"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory, note):
    server = Server("sshd.py", tmp_path_factory.mktemp("sshd"))
    if server.why:
        note("host-health is not tested through ssh: " + server.why)
        pytest.skip(server.why)
    yield server.about
    server.stop()


def hosts(sshd, transport, **change):
    a = {**sshd, **change}
    line = "  etl-04: {host: 127.0.0.1, port: %d, user: %s, identity: %s, known_hosts: %s, transport: %s}"
    return ["hosts:", line % (a["port"], a["user"], a["identity"], a["known_hosts"], transport)]


@pytest.mark.parametrize("transport", ["libssh2", "ssh"])
def test_through_sshd(build, tmp_path, sshd, transport):
    config = write_config(tmp_path, ["connector: host-health", "hosts: [etl-04]"], {}, hosts(sshd, transport))
    have = records(build, config, "checks")
    assert have["etl-04/memory"]["asset"] == "etl-04" and have["etl-04/memory"]["kind"] == "check"
    assert have["etl-04/memory"]["title"].endswith(" on etl-04")
    assert any(ident.startswith("etl-04/disk /") for ident in have)


def test_a_host_with_another_key_is_refused(build, tmp_path, sshd):
    empty = tmp_path / "known_hosts"
    empty.write_text("")
    config = write_config(tmp_path, ["connector: host-health", "hosts: [etl-04]"], {}, hosts(sshd, "libssh2", known_hosts=str(empty)))
    done = attempt(build, config, "checks")
    assert done.returncode == 1 and "etl-04" in done.stderr
