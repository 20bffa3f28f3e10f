"""Runs one command and prints what it cost as one line of JSON.

usage: measure.py LOG TIMEOUT COMMAND...

`wait4` counts all threads of the command and every child that it has waited for; the peak is that of its largest process.
The command's own output goes to LOG.
"""

import json
import os
import signal
import subprocess
import sys
import time


def main(log, timeout, command):
    with open(log, "wb") as sink:
        begin = time.monotonic()
        try:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            sink.write(f"{os.path.basename(command[0])}: {error.strerror}\n".encode())
            print(json.dumps({"code": 127}))
            return
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
        signal.alarm(int(timeout))
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        signal.alarm(0)
    # macOS counts bytes, everyone else kilobytes.
    unit = 1 if sys.platform == "darwin" else 1024
    print(
        json.dumps(
            {
                "code": os.waitstatus_to_exitcode(status),
                "wall": wall,
                "cpu": usage.ru_utime + usage.ru_stime,
                "peak": usage.ru_maxrss * unit,
            }
        )
    )


main(sys.argv[1], sys.argv[2], sys.argv[3:])
