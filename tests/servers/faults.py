"""A disk that fails, for the worker of a test: faults.c, built and spoken to."""
import mmap
import os
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ("full", "count", "kill_at", "fail_at", "fail_n")


class Faults:
    """`env` goes to the worker. The fields of struct faults are attributes; a change holds at once."""

    def __init__(self, folder, under):
        library, told = os.path.join(folder, "faults.so"), os.path.join(folder, "faults")
        if not os.path.exists(library):
            command = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "faults.c"), "-ldl"]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        with open(told, "wb") as f:
            f.write(bytes(8 * len(FIELDS)))
        with open(told, "r+b") as f:
            self.__dict__["map"] = mmap.mmap(f.fileno(), 0)
        self.__dict__["env"] = {"LD_PRELOAD": library, "WATCHDESK_FAULTS": told, "WATCHDESK_FAULTS_UNDER": under}

    def __getattr__(self, name):
        return struct.unpack_from("=q", self.map, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("=q", self.map, 8 * FIELDS.index(name), value)
