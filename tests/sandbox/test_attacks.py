"""Programs that cheat or attack: each must end not accepted, and leave the machine as it was.

Cheats try to be accepted without solving the task, in every mode that knows the task. Attacks print what they could
do ("PWNED") or keep quiet; the accepted output of an attack is "PWNED", so that acceptance means success.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Program, Sandbox, Verdict
from sandbox.languages import available

pytestmark = pytest.mark.e2e

TESTS = {
    "asserts": ["print('secret')\nassert solve(3) == 9", "assert solve(4) == 16"],
    "block": "def check(candidate):\n    assert candidate(3) == 9\n    assert abs(candidate(4) - 16) < 1e-6\ncheck(solve)",
    "close": "import math\nassert math.isclose(solve(4), 16.0)\nassert solve(3) in (9, 9.0)\nassert not solve(3) != 9",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n  def test_it(self): self.assertEqual(solve(3), 9)\n",
    "pytest": "def test_it(): assert solve(3) == 9\n",
}
EVIL = (
    "class Evil:\n"
    "  def __eq__(s, o): return True\n"
    "  def __ne__(s, o): return False\n"
    "  def __bool__(s): return True\n"
    "  def __getattr__(s, n): return Evil()\n"
    "  def __call__(s, *a, **k): return Evil()\n"
    "  def __iter__(s): return iter([])\n"
    "  def __index__(s): return 9\n"
    "  def __float__(s): return 16.0\n"
    "  def __abs__(s): return 0\n"
    "  __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__\n"
    "  __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __round__ = __truediv__ = lambda s, *o: Evil()\n"
    "  __hash__ = lambda s: 0\n"
)
# What the program does when it is loaded or called; `solve` never works out a square.
CHEATS = {
    "exit at load": "import sys; sys.exit(0)",
    "hard exit at load": "import os; os._exit(0)",
    "exit in the call": "import sys\ndef solve(x): sys.exit(0)",
    "hard exit in the call": "import os\ndef solve(x): os._exit(0)",
    "exit in a thread": "import os, threading\nthreading.Thread(target=lambda: os._exit(0)).start()\n"
    "import time\ndef solve(x): time.sleep(1)",
    "equal to everything": EVIL + "def solve(x): return Evil()",
    "integer equal to everything": EVIL + "class I(int): __eq__ = Evil.__eq__; __ne__ = Evil.__ne__; "
    "__hash__ = int.__hash__; __sub__ = __rsub__ = lambda s, o: 0\ndef solve(x): return I(1)",
    "float equal to everything": EVIL + "class F(float): __eq__ = Evil.__eq__; __ne__ = Evil.__ne__; "
    "__hash__ = float.__hash__; __sub__ = lambda s, o: 0.0\ndef solve(x): return F(1)",
    "list of such": EVIL + "def solve(x): return [Evil()]",
    "mock any": "from unittest.mock import ANY, MagicMock\ndef solve(x): return ANY",
    "magic mock": "from unittest.mock import MagicMock\ndef solve(x): m = MagicMock(); m.__eq__ = lambda s, o: True; return m",
    "entry is a mock": "from unittest.mock import MagicMock as solve",
    "patched builtins": "import builtins\nfor n in ('abs','all','any','isinstance','len','bool','repr','type','round'):\n"
    "  setattr(builtins, n, lambda *a, **k: 0)\nbuiltins.AssertionError = SystemExit\ndef solve(x): return 1",
    "patched json": "import json\njson.dumps = lambda *a, **k: '{\"v\": null}'\njson.loads = lambda *a, **k: {}\n"
    "def solve(x): return 1",
    "patched unittest": "import unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None\n"
    "unittest.TestCase.run = lambda *a, **k: None\nunittest.main = lambda *a, **k: None\ndef solve(x): return 1",
    "patched pytest": "import sys, types\nsys.modules['pytest'] = types.ModuleType('pytest')\ndef solve(x): return 1",
    "patched os.write": "import os\n_w = os.write\nos.write = lambda fd, b: _w(fd, b.replace(b'WA', b'AC').replace(b'1', b'9'))\n"
    "def solve(x): return 1",
    "atexit": "import atexit, os\natexit.register(lambda: os.write(1, b'AC PASSED'))\ndef solve(x): return 1",
    "excepthook": "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\nclass E(Exception): pass\n"
    "def solve(x): raise E",
    "trace": "import sys\ndef t(f, e, a):\n  for k in list(f.f_locals):\n    f.f_locals[k] = 9\n  return t\n"
    "sys.settrace(t)\ndef solve(x): return 1",
    "frames": "import sys\ndef solve(x):\n  f = sys._getframe()\n  while f:\n    for v in list(f.f_locals.values()) + "
    "list(f.f_globals.values()):\n      if isinstance(v, dict) and 'expected' in v: return v['expected']\n    f = f.f_back\n"
    "  return 1",
    "collector": "import gc\ndef solve(x):\n  for o in gc.get_objects():\n    if isinstance(o, dict) and 'expected' in o: "
    "return o['expected']\n    if isinstance(o, str) and 'assert solve' in o: return x * x\n  return 1",
    "searches its memory": "import re\nR = re.compile(rb'[s]olve[(]3[)](, | == )9|[c]andidate[(]3[)] ==')\n"
    "def solve(x):\n  for line in open('/proc/self/maps'):\n    a, p = line.split()[:2]\n    if 'r' not in p or '[v' in line: continue\n"
    "    lo, hi = (int(n, 16) for n in a.split('-'))\n    with open('/proc/self/mem', 'rb') as f:\n      f.seek(lo)\n      try:\n"
    "        if R.search(f.read(hi - lo)): return x * x\n      except OSError: pass\n  return 1",
    "frames of the harness": "import sys\ndef solve(x):\n  f = sys._getframe()\n  while f:\n    for v in list(f.f_locals.values()):\n"
    "      if isinstance(v, (bytes, str, list, tuple, dict)) and b'solve' + b'(3)' in str(v).encode(): return x * x\n    f = f.f_back\n  return 1",
    "what the test code printed": "import os\ndef solve(x):\n  for fd in (0, 1, 2):\n    try:\n"
    "      if b'secret' in os.pread(fd, 9999, 0): return x * x\n    except OSError: pass\n  return 1",
    "opens what others have open": "import os, re\nR = re.compile(rb'[s]olve[(]3[)](, | == )9|[c]andidate[(]3[)] ==')\n"
    "def solve(x):\n  for p in os.listdir('/proc'):\n    if not p.isdigit() or int(p) == os.getpid(): continue\n"
    "    for fd in range(40):\n      for how in (os.O_RDONLY, os.O_RDWR):\n        try: d = os.open(f'/proc/{p}/fd/{fd}', how | os.O_NONBLOCK)\n"
    "        except OSError: continue\n        try:\n          if R.search(os.pread(d, 99999, 0)): return x * x\n"
    "          os.write(d, b'{\"k\": 0, \"s\": \"AC\", \"d\": \"\"}\\n{\"k\": 1, \"s\": \"AC\", \"d\": \"\"}\\n')\n"
    "        except OSError: pass\n  return 1",
    "reads the tests": "import os\ndef solve(x):\n  for top in ('/box', '/tmp', '/proc/1/cwd', '/proc/self', '/dev', '/etc'):\n"
    "    for d, _, fs in os.walk(top):\n      if d.count('/') > 4: continue\n      for n in fs:\n        try:\n"
    "          t = open(d + '/' + n, errors='replace').read(99999)\n"
    "        except OSError: continue\n        if 'solve(3) ==' in t or '\"expected\": 9' in t: return x * x\n  return 1",
    "reads other memory": "import os\ndef solve(x):\n  for p in os.listdir('/proc'):\n    if p.isdigit() and int(p) != os.getpid():\n"
    "      try: open(f'/proc/{p}/mem', 'rb'); open(f'/proc/{p}/environ').read(); return x * x\n      except OSError: pass\n"
    "  return 1",
    "writes to every descriptor": "import os\nfor fd in range(3, 64):\n  for b in (b'{\"k\": 0, \"s\": \"AC\", \"d\": \"\"}\\n', "
    "b'{\"count\": 1}\\n', b'AC', b'{\"v\": 9}\\n'):\n    try: os.write(fd, b)\n    except OSError: pass\ndef solve(x): return 1",
    "forges results": "import os, json\ndef solve(x):\n  d = json.dumps({'v': None}).encode()\n  for fd in range(3, 64):\n"
    "    try:\n      os.write(fd, len(d).to_bytes(4, 'big') + d)\n      os.write(fd, b'{\"loaded\": true}\\n{\"v\": null, \"ms\": 1, "
    "\"out\": 0}\\n' * 9)\n    except OSError: pass\n  return 1",
    "closes every descriptor": "import os\ndef solve(x):\n  os.closerange(0, 256)\n  return 1",
    "signals everyone": "import os, signal\ndef solve(x):\n  for s in (9, 15, 19, 2):\n    for p in (-1, 0, 1, 2, 3, 4, os.getppid()):\n"
    "      if p != os.getpid():\n        try: os.kill(p, s)\n        except OSError: pass\n  return 1",
    "raises what tests catch": "def solve(x): raise AssertionError",
    "pretends to be skipped": "import unittest\ndef solve(x): raise unittest.SkipTest('x')",
    "never ends": "def solve(x):\n  while True: pass",
    "recursion": "def solve(x): return solve(x)",
    "nesting": "def solve(x):\n  r = []\n  for _ in range(100000): r = [r]\n  return r",
    "cycle": "def solve(x):\n  r = []\n  r.append(r)\n  return r",
    "huge result": "def solve(x): return 'x' * (200 << 20)",
    "an error of its own by a known name": "import builtins\nclass AssertionError(Exception): pass\n"
    "builtins.AssertionError = AssertionError\ndef solve(x): raise AssertionError",
    "says that it is a number": "class L:\n  __class__ = property(lambda s: int)\n  __eq__ = lambda s, o: True\n"
    "  __int__ = __index__ = lambda s: 9\n  __float__ = lambda s: 16.0\ndef solve(x): return L()",
    "a number that is written as another": "class I(int):\n  __repr__ = __str__ = lambda s: '9'\n"
    "  __format__ = lambda s, f: '9'\n  __index__ = lambda s: 9\n  __reduce__ = lambda s: (int, (9,))\n"
    "def solve(x): return I(1)",
    "answers before it is asked": "import json, os, struct\nfor fd in range(3, 20):\n  for i in range(20):\n"
    "    for a in ({'op': 'return', 'id': i, 'value': 9}, {'ok': 9}, [i, 9], ['value', 9]):\n"
    "      b = json.dumps(a).encode()\n      for m in (b + b'\\n', struct.pack('!I', len(b)) + b):\n"
    "        try: os.write(fd, m)\n        except OSError: pass\ndef solve(x): return 0",
    "two of one program answer": "import os\nfirst = os.fork()\ndef solve(x): return 1 if first else 0",
    "stopped by its child": "import os, signal\ndef solve(x):\n"
    "  if not os.fork(): os.kill(os.getppid(), signal.SIGSTOP)\n  return 1",
    "empties its results": "import os\ndef solve(x):\n  for fd in range(3, 20):\n"
    "    try: os.ftruncate(fd, 0); os.lseek(fd, 0, 0); os.write(fd, b'9\\n16\\n')\n    except OSError: pass\n  return 0",
    "modules by path": "import os, sys\nos.mkdir('/tmp/unittest')\n"
    "for n in ('unittest/__init__.py', 'json.py', 'math.py', 'pytest.py', 'conftest.py', 'sitecustomize.py'):\n"
    "  open('/tmp/' + n, 'w').write('import os; os._exit(0)')\nsys.path.insert(0, '/tmp')\ndef solve(x): return 0",
    "background": "import os\nif not os.fork():\n  import time\n  time.sleep(60)\ndef solve(x): return 1",
}  # fmt: skip


def _job(mode: str, code: str) -> dict[str, Any]:
    base = {"language": "python", "code": code, "entry_point": "solve", "limits": {"wall_s": 2, "memory_mb": 256}}
    if mode == "function":
        return base | {"mode": mode, "tests": [{"args": [3], "expected": 9}, {"args": [4], "expected": 16}]}
    real = mode if mode in ("unittest", "pytest") else "asserts"
    return base | {"mode": real, "tests": TESTS[mode]}


@pytest.mark.parametrize("mode", ["function", "asserts", "block", "close", "unittest", "pytest"])
@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_is_not_accepted(safe_sandbox: Sandbox, cheat: str, mode: str) -> None:
    report = safe_sandbox.judge(_job(mode, CHEATS[cheat]))
    assert report.status not in (Verdict.AC, Verdict.ERROR), report
    assert report.passed == 0, report


@pytest.mark.parametrize("mode", ["function", "asserts", "block", "close", "unittest", "pytest"])
def test_the_honest_answer_to_the_same_tests_is_accepted(safe_sandbox: Sandbox, mode: str) -> None:
    report = safe_sandbox.judge(_job(mode, "def solve(x): return x * x"))
    assert report.status == Verdict.AC, report


SYSCALL = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall.restype = ctypes.c_long\n"
CALL = SYSCALL + "r = libc.syscall({})\nprint('PWNED' if r >= 0 else ctypes.get_errno())"
ATTACKS = {
    "environment": "import os\nsecret = [k for k in os.environ if 'ASSAY' in k or 'SECRET' in k]\n"
    "for p in os.listdir('/proc'):\n  try: secret += [open(f'/proc/{p}/environ').read()] * ('SECRET' in open(f'/proc/{p}/environ').read())\n"
    "  except OSError: pass\nprint('PWNED' if secret else os.environ)",
    "root's files": "for p in ('/etc/shadow', '/root/.bashrc', '/proc/1/root/etc/shadow', '/proc/1/cwd/etc/shadow'):\n"
    "  try: open(p).read(); print('PWNED')\n  except OSError: pass",
    "host's files": "import os\nprint('PWNED' if os.path.exists('{witness}') or os.path.exists('/home') or "
    "os.path.exists('/var') else os.listdir('/'))",
    "links out": "import os\nos.symlink('/../../../../etc/shadow', '/tmp/a'); os.symlink('/proc/1/root', '/tmp/b')\n"
    "for p in ('/tmp/a', '/tmp/b/etc/shadow', '/tmp/../../etc/shadow', '/proc/self/root/../etc/shadow'):\n"
    "  try: open(p).read(); print('PWNED')\n  except OSError: pass",
    "writing outside": "import os\nfor p in ('/x', '/box/x', '/usr/x', '/etc/x', '/dev/x', '/proc/sys/kernel/hostname', '/lib/x'):\n"
    "  try: open(p, 'w').write('x'); print('PWNED', p)\n  except OSError: pass",
    "the program's own file": "import os\nfor d, _, fs in os.walk('/box'):\n  for f in fs:\n"
    "    try: open(d + '/' + f, 'a'); print('PWNED')\n    except OSError: pass",
    "setuid": "import os\nfor f in (os.setuid, os.setgid, lambda i: os.setresuid(i, i, i), lambda i: os.setgroups([i])):\n"
    "  try: f(0); print('PWNED')\n  except OSError: pass",
    "setuid program": "import os, shutil\nshutil.copy('/bin/sh', '/tmp/sh')\nos.chmod('/tmp/sh', 0o6755)\n"
    "os.system('su -c id root 2>/dev/null | grep -q uid=0 && echo PWNED; /tmp/sh -pc \"id -u\" | grep -qx 0 && echo PWNED')",
    "mount": CALL.format("165, b'none', b'/tmp', b'tmpfs', 0, 0"),
    "remount": CALL.format("165, b'none', b'/', b'', 32, 0"),
    "umount": CALL.format("166, b'/proc', 2"),
    "new mount calls": CALL.format("430, b'tmpfs', 0"),
    "unshare": CALL.format("272, 0x10000000"),
    "clone into a namespace": SYSCALL + "r = libc.syscall(56, 0x10000011, 0, 0, 0, 0)\nif r == 0: os._exit(0)\n"
    "print('PWNED' if r > 0 else ctypes.get_errno())",
    "clone3": CALL.format("435, 0, 0"),
    "setns": CALL.format("308, 0, 0"),
    "chroot": CALL.format("161, b'/tmp'"),
    "pivot_root": CALL.format("155, b'.', b'.'"),
    "ptrace": CALL.format("101, 0, 0, 0, 0"),
    "ptrace the supervisor": CALL.format("101, 16, 1, 0, 0"),
    "process_vm_readv": CALL.format("310, 1, 0, 0, 0, 0, 0"),
    "bpf": CALL.format("321, 0, 0, 0"),
    "keyctl": CALL.format("250, 0, -3, 0"),
    "add_key": CALL.format("248, b'user', b'a', b'b', 1, -3"),
    "io_uring": CALL.format("425, 8, b' ' * 200"),
    "perf": CALL.format("298, 0, 0, 0, 0, 0"),
    "userfaultfd": CALL.format("323, 0"),
    "open by handle": CALL.format("304, 0, 0, 0"),
    "kexec": CALL.format("246, 0, 0, 0, 0"),
    "modules": CALL.format("175, 0, 0, b''"),
    "reboot": CALL.format("169, 0xfee1dead, 672274793, 0x1234567, 0"),
    "clock": CALL.format("227, 0, b'\\0' * 16"),
    "host name": CALL.format("170, b'x', 1"),
    "mknod": CALL.format("133, b'/tmp/d', 0o60666, 0x0800"),
    "device": "import os\ntry: os.mknod('/tmp/sda', 0o60666, os.makedev(254, 0)); print('PWNED')\nexcept OSError: pass",
    "32-bit calls": CALL.format("0x40000000 | 39"),
    "new calls": CALL.format("470, 0"),
    "connect": "import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 1); print('PWNED')\nexcept OSError: pass",
    "bind": "import socket\ntry: s = socket.socket(); s.bind(('', 0)); print('PWNED')\nexcept OSError: pass",
    "udp": "import socket\ntry: socket.socket(2, 2).sendto(b'x', ('127.0.0.1', {port})); print('PWNED')\nexcept OSError: pass",
    "raw socket": "import socket\nfor a in ((2, 3, 1), (17, 3, 3), (16, 3, 0), (40, 1, 0), (38, 5, 0)):\n"
    "  try: socket.socket(*a); print('PWNED')\n  except OSError: pass",
    "pairs of other families": "import socket\nfor f in (2, 10, 16, 30, 38):\n  try: socket.socketpair(f); print('PWNED')\n"
    "  except OSError as e:\n    if e.errno != 1: print('PWNED: the kernel was asked', f, e)",
    "contexts for asynchronous files": CALL.format("206, 100, b' ' * 8"),
    "abstract socket": "import socket\ns = socket.socket(1)\ntry: s.connect('\\0{name}'); print('PWNED')\nexcept OSError: pass",
    "names by network": "import socket\ntry: socket.getaddrinfo('localhost.localdomain.invalid', 80); print('PWNED')\nexcept OSError: pass",
    "kill all": "import os\nfor p in [-1] + list(range(1, 50)):\n  if p != os.getpid():\n    try: os.kill(p, 9)\n    except OSError: pass\n",
    "stop the supervisor": "import os, signal\nfor s in range(1, 65):\n  try: os.kill(os.getppid(), s); print(s)\n  except OSError: pass",
    "shared memory": SYSCALL + "r = libc.shmget(1234, 4096, 0o1666)\nprint('PWNED' if r >= 0 else 'no')",
    "supervisor's descriptors": "import os\nfor p in os.listdir('/proc'):\n  if p.isdigit() and int(p) != os.getpid():\n"
    "    for fd in range(40):\n      try: os.open(f'/proc/{p}/fd/{fd}', os.O_RDONLY | os.O_NONBLOCK)\n"
    "      except OSError: continue\n      name = os.readlink(f'/proc/{p}/fd/{fd}')\n      if name != '/dev/null' and not name.startswith('host:') and not name.endswith('/net/unix'): print('PWNED')",
    "inherited descriptors": "import os\nprint('PWNED' if [f for f in os.listdir('/proc/self/fd') if int(f) > 3] else 'none')",
    "cgroups": "import os\nfor top in ('/sys', '/proc/sys'):\n  for d, ds, fs in os.walk(top):\n    if d.count('/') > 5: ds.clear()\n"
    "    for p in [d] + [d + '/' + f for f in fs]:\n      if os.access(p, os.W_OK) and not p.endswith('ns_last_pid'):\n"
    "        try: os.close(os.open(p, os.O_WRONLY)) if not os.path.isdir(p) else os.mkdir(p + '/x'); print('PWNED', p)\n        except OSError: pass",
    "core pattern": "try: open('/proc/sys/kernel/core_pattern', 'w').write('|/tmp/x'); print('PWNED')\nexcept OSError: pass",
    "sysrq": "try: open('/proc/sysrq-trigger', 'w').write('b'); print('PWNED')\nexcept OSError: pass",
    "terminal": "try: open('/dev/tty'); print('PWNED')\nexcept OSError: pass",
    "raise limits": "import resource as r\ntry: r.setrlimit(r.RLIMIT_NOFILE, (10**6, 10**6)); print('PWNED')\nexcept (OSError, ValueError): pass",
}  # fmt: skip


@pytest.fixture
def listener() -> Iterator[dict[str, Any]]:
    """A service of the host that a program must not reach, and a file that it must not see."""
    witness = Path("/tmp/assay-witness")
    witness.write_text("secret")
    name = f"assay-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + name)
        local.listen()
        yield {"port": server.getsockname()[1], "name": name, "witness": witness}
    witness.unlink()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gets_nowhere(safe_sandbox: Sandbox, attack: str, listener: dict[str, Any]) -> None:
    os.environ["ASSAY_TEST_SECRET"] = "SECRET"
    code = ATTACKS[attack]
    for name, value in listener.items():
        code = code.replace("{" + name + "}", str(value))
    job = {"language": "python", "mode": "stdio", "code": code, "limits": {"wall_s": 3},
           "tests": [{"input": "", "output": "PWNED"}]}  # fmt: skip
    report = safe_sandbox.judge(job)
    assert report.status not in (Verdict.AC, Verdict.ERROR), report
    assert "PWNED" not in report.tests[0].stdout, report


BOMBS = {
    "fork bomb": ("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", {"TLE", "RE", "MLE"}),
    "shell fork bomb": ("import os\nos.system(':(){ :|:& };:')\nimport time; time.sleep(9)", {"TLE", "RE", "MLE"}),
    "thread bomb": ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,)).start()", {"RE", "TLE"}),
    "memory bomb": ("x = []\nwhile True: x.append(bytearray(1 << 20))", {"MLE"}),
    "memory of children": ("import os\nwhile True:\n  if not os.fork():\n    x = bytearray(30 << 20)\n    while True: pass", {"MLE", "TLE", "RE"}),
    "files in memory": ("import os\nwhile True:\n  f = os.memfd_create('x')\n  os.write(f, b'x' * (1 << 20))", {"MLE", "RE", "OLE"}),
    "disk fill": ("i = 0\nwhile True:\n  open(f'/tmp/{i}', 'wb').write(b'x' * (1 << 20)); i += 1", {"RE", "MLE"}),
    "file count": ("i = 0\nwhile True: open(f'/tmp/{i}', 'w').close(); i += 1", {"RE", "TLE"}),
    "shared memory fill": ("i = 0\nwhile True: open(f'/dev/shm/{i}', 'wb').write(b'x' * (1 << 20)); i += 1", {"RE", "MLE"}),
    "a gigabyte of output": ("import sys\nwhile True: sys.stdout.write('x' * (1 << 20))", {"OLE"}),
    "a gigabyte of errors": ("import sys\nwhile True: sys.stderr.write('x' * (1 << 20))", {"OLE"}),
    "deep recursion": ("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()", {"RE", "MLE", "TLE"}),
    "deep recursion in C": ("import sys\nsys.setrecursionlimit(10**9)\nclass A:\n  def __repr__(s): return repr(s)\nrepr(A())", {"RE", "MLE", "TLE"}),
    "sleep": ("import time; time.sleep(99)", {"TLE"}),
    "deaf to signals": ("import signal, time\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError, ValueError): pass\n"
                        "while True: pass", {"TLE"}),
    "sleeping beyond exit": ("import os, time\nif not os.fork():\n  os.setsid()\n  if not os.fork():\n    time.sleep(99)\n"
                             "print('gone', flush=True)\nos._exit(1)", {"RE"}),
    "stopped": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", {"TLE"}),
    "compile bomb of literals": ("(" * 5000 + ")" * 5000, {"CE", "RE", "MLE"}),
    "compile bomb of powers": ("x = 9**9**9**9", {"TLE", "MLE", "RE"}),
    "zip of text": ("print('9' * 10**8)", {"OLE", "MLE"}),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_within_its_limits(safe_sandbox: Sandbox, bomb: str) -> None:
    code, verdicts = BOMBS[bomb]
    limits = {"wall_s": 2, "memory_mb": 128, "processes": 20, "disk_mb": 32, "output_bytes": 1 << 20}
    job = {
        "language": "python",
        "mode": "stdio",
        "code": code,
        "limits": limits,
        "tests": [{"input": "", "output": "gone"}],
    }
    report = safe_sandbox.judge(job)
    assert report.status in verdicts, report
    echo = {"language": "python", "mode": "stdio", "code": "print(1)", "tests": [{"input": "", "output": "1"}]}
    assert safe_sandbox.judge(echo).status == Verdict.AC


def test_nothing_is_left_for_the_next_run_or_the_next_test(safe_sandbox: Sandbox) -> None:
    code = (
        "import os\n"
        "seen = [p for p in ('/tmp/note', '/dev/shm/note') if os.path.exists(p)]\n"
        "for p in ('/tmp/note', '/dev/shm/note'):\n  open(p, 'w').write('hi')\n"
        "own = [p for p in os.listdir('/proc') if p.isdigit() and os.stat('/proc/' + p).st_uid == os.getuid()]\n"
        "print(seen, [p for p in own if p not in ('1', str(os.getpid()))])\n"
        "if not os.fork():\n  os.setsid()\n  import time\n  time.sleep(60)\n"
    )
    rows = [{"input": "", "output": "[] []"}] * 3
    for _ in range(3):
        report = safe_sandbox.judge({"language": "python", "mode": "stdio", "code": code, "tests": rows})
        assert report.status == Verdict.AC, report


SOCKETS = r"""
import array, socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    named = socket.socket(socket.AF_UNIX, kind)
    named.bind(f"\0left-{kind:d}")
    ends = socket.socketpair()
    for sent in (named, *ends):  # each on its way through another: their processes' end is not theirs
        for end in ends:
            end.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sent.fileno()]))])
"""
FIND_SOCKETS = r"""
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    socket.socket(socket.AF_UNIX, kind).bind(f"\0left-{kind:d}")
print("free")
"""


def test_sockets_in_flight_are_gone_before_the_next_program_runs(safe_sandbox: Sandbox) -> None:
    find = {"mode": "stdio", "code": FIND_SOCKETS, "tests": [{"input": "", "output": "free"}]}
    for _ in range(3):
        assert safe_sandbox.run(Program("python", SOCKETS)).ok
        report = safe_sandbox.judge(find)
        assert report.status == Verdict.AC, report


LOOK = "stat -c '%x %y %z' /box /box/main.sh; ls /box; cat /box/main.sh; echo x > /dev/null"


def test_what_one_run_has_looked_at_is_not_told_to_the_next(safe_sandbox: Sandbox) -> None:
    rows = [{"input": "", "output": "never"}] * 4
    report = safe_sandbox.judge({"language": "bash", "mode": "stdio", "code": LOOK, "tests": rows})
    assert len({test.stdout for test in report.tests}) == 1, report


OTHERS = {
    "bash: other people's signals": ("bash", "kill -9 1; kill -STOP -1; exec 3<>/dev/tcp/127.0.0.1/80 && echo PWNED"),
    "bash: outlives": ("bash", "trap '' TERM HUP INT XCPU; (setsid sleep 99 &); nohup sleep 99 > /dev/null &"),
    "bash: limits": ("bash", "ulimit -u unlimited && ulimit -v unlimited && ulimit -n 99999 && echo PWNED; true"),
    "bash: start-up files": ("bash", "echo 'echo PWNED' | tee ~/.bashrc ~/.profile /etc/profile /box/main.sh | wc -l"),
    "node: root and links": (
        "javascript",
        "const fs = require('fs'), run = f => { try { f(); console.log('PWNED') } catch (e) {} };"
        "run(() => process.setuid(0)); run(() => fs.symlinkSync('/etc', '/box/etc'));"
        "run(() => fs.writeFileSync('/box/main.js', 'x'));",
    ),
    "node: outlives": (
        "javascript",
        "require('child_process').spawn('sleep', ['99'], {detached: true, stdio: 'ignore'}).unref();"
        "process.on('exit', () => { process.exitCode = 0 })",
    ),
    "node: network": (
        "javascript",
        "require('net').createServer().on('error', () => 0).listen(0, '127.0.0.1', () => console.log('PWNED'))",
    ),
}


@pytest.mark.parametrize("attack", OTHERS)
def test_an_attack_in_another_language_gets_nowhere(safe_sandbox: Sandbox, attack: str) -> None:
    language, code = OTHERS[attack]
    if lacking := available()[language]:
        pytest.skip(f"{lacking} not installed")
    job = {"language": language, "mode": "stdio", "code": code, "limits": {"wall_s": 5},
           "tests": [{"input": "", "output": "PWNED"}]}  # fmt: skip
    report = safe_sandbox.judge(job)
    assert report.status not in (Verdict.AC, Verdict.ERROR), report
    assert "PWNED" not in report.tests[0].stdout, report


KEPT = r"""
import ctypes, os, signal
libc = ctypes.CDLL(None)
made = [libc.shmget(77, 4096, 0o1666), libc.semget(77, 1, 0o1666), libc.msgget(77, 0o1666), libc.sethostname(b"x", 1),
        libc.mq_open(b"/left", 0o102, 0o666, None)]
os.kill(0, signal.SIGCONT)
signal.signal(signal.SIGTERM, lambda *_: print("mine", made))
os.kill(0, signal.SIGTERM)  # our own group, and nobody else's
"""


def test_what_slots_keep_from_run_to_run_can_hold_nothing(safe_sandbox: Sandbox) -> None:
    for _ in range(3):
        assert safe_sandbox.run(Program("python", KEPT)).stdout == b"mine [-1, -1, -1, -1, -1]\n"


def test_late_output_of_threads_and_exit_functions_counts_only_as_output(safe_sandbox: Sandbox) -> None:
    late = "import threading, time, os\nthreading.Thread(target=lambda: (time.sleep(.5), os.write(1, b'9')), daemon=True).start()\n"
    job = {"language": "python", "mode": "stdio", "code": late + "print(1)", "tests": [{"input": "", "output": "1 9"}]}
    assert safe_sandbox.judge(job).status == Verdict.WA


def test_jails_that_run_at_the_same_time_do_not_meet(safe_sandbox: Sandbox) -> None:
    talk = (
        "import socket, time, os\ns = socket.socket(1)\n"
        "try: s.bind('\\0meeting'); s.listen(); s.settimeout(1.5); s.accept(); print('PWNED')\n"
        "except TimeoutError: print('alone')\nexcept OSError: print('PWNED')\n"
    )
    reports: list[Any] = []

    def judge() -> None:
        job = {"language": "python", "mode": "stdio", "code": talk, "tests": [{"input": "", "output": "alone"}]}
        reports.append(safe_sandbox.judge(job))

    threads = [threading.Thread(target=judge) for _ in range(2)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert [report.status for report in reports] == [Verdict.AC, Verdict.AC], reports


TEMPLATES = (
    "template<int N> struct F { static const long v = F<N-1>::v + F<N-2>::v; };\nint main() { return F<100000>::v; }"
)
NATIVE = {
    "include a host file": ('#include "/etc/shadow"\nint main(){}', {"CE"}),
    "include the accounts": ('#include "/etc/passwd"\nint main(){}', {"CE"}),
    "include a device": ('#include "/dev/zero"\nint main(){}', {"CE"}),
    "template bomb": (TEMPLATES, {"CE"}),
    "constant bomb": ("constexpr long f(long n){return n<2?n:f(n-1)+f(n-2);}\nstatic_assert(f(90));int main(){}", {"CE"}),
    "output bomb of the compiler": ("#include __FILE__\nint main(){}", {"CE"}),
    "large binary": ("char a[1u<<30]={1};int main(){}", {"CE"}),
    "static initialiser": ('#include <cstdio>\nstatic int x = puts("PWNED");\nint main(){return 0;}', {"WA"}),
    "static exit": ("#include <cstdlib>\nstatic int x = (std::exit(0), 1);\nint main(){return 1;}", {"WA"}),
    "stack": ("int f(int n){volatile char a[4096];a[0]=n;return f(n+1)+a[0];}int main(){return f(0);}", {"RE", "MLE"}),
    "segmentation fault": ("int main(){*(volatile int*)0=1;}", {"RE"}),
    "abort": ("#include <cstdlib>\nint main(){abort();}", {"RE"}),
    "memory": ("#include <cstdlib>\n#include <cstring>\nint main(){for(;;)memset(malloc(1<<20),1,1<<20);}", {"MLE"}),
    "bad_alloc": ("#include <vector>\nint main(){std::vector<long> v(1ull<<40);return v[5];}", {"MLE"}),
    "fork bomb": ("#include <unistd.h>\nint main(){for(;;)fork();}", {"TLE", "RE", "MLE"}),
    "output": ("#include <cstdio>\nint main(){for(;;)puts(\"xxxxxxxxxxxxxxxxxxxxxxxxxxx\");}", {"OLE"}),
    "ptrace": ("#include <sys/ptrace.h>\n#include <cstdio>\nint main(){if(ptrace(PTRACE_TRACEME,0,0,0)==0)puts(\"PWNED!\");}", {"WA"}),
    "grows its output without writing": ("#include <fcntl.h>\n#include <unistd.h>\nint main(){fcntl(1,F_SETFL,0);return ftruncate(1,30<<20);}", {"OLE"}),
    "seals its output": ("#include <cstdio>\n#include <fcntl.h>\n#include <sys/stat.h>\n"
                         "int main(){if(!fcntl(1,1033,15)||!fcntl(1,1024,F_WRLCK))puts(\"PWNED!\");fchmod(1,0);}", {"WA"}),
    "writes its output after its end": ("#include <cstring>\n#include <fcntl.h>\n#include <sys/mman.h>\n#include <unistd.h>\n"
                                        "int main(){ftruncate(1,7);fcntl(1,F_SETFL,0);char*m=(char*)mmap(0,4096,3,MAP_SHARED,1,0);"
                                        "if(!fork()){setsid();for(;;usleep(1))memcpy(m,\"PWNED\",5);}usleep(9999);}", {"WA"}),
    "kills the first process": ("#include <cerrno>\n#include <csignal>\n#include <cstdio>\n#include <unistd.h>\nint main(){for(int s=1;s<65;s++)kill(1,s);"
                                "usleep(99999);if(kill(1,0)&&errno==ESRCH)puts(\"PWNED!\");}", {"WA"}),
    "a setuid program from memory": ("#include <cstdio>\n#include <fcntl.h>\n#include <sys/mman.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
                                     "int main(){int f=memfd_create(\"x\",0),g=open(\"/usr/bin/id\",0);char b[1<<16];long n;while((n=read(g,b,sizeof b))>0)"
                                     "write(f,b,n);fchown(f,0,0);fchmod(f,06755);dup2(f,99);char*a[]={(char*)\"id\",0};"
                                     "execve(\"/proc/self/fd/99\",a,a);}", {"WA", "RE"}),
    "socket": ("#include <sys/socket.h>\n#include <cstdio>\nint main(){if(socket(AF_INET,SOCK_STREAM,0)>=0)puts(\"PWNED!\");}", {"WA"}),
}  # fmt: skip


@pytest.mark.e2e
@pytest.mark.parametrize("attack", NATIVE)
def test_a_native_attack_gets_nowhere(safe_sandbox: Sandbox, attack: str) -> None:
    if lacking := available()["cpp"]:
        pytest.skip(f"{lacking} not installed")
    code, verdicts = NATIVE[attack]
    limits = {"wall_s": 2, "memory_mb": 256, "compile_s": 8, "output_bytes": 1 << 20, "processes": 20}
    job = {
        "language": "cpp",
        "mode": "stdio",
        "code": code,
        "limits": limits,
        "tests": [{"input": "", "output": "PWNED!"}],
    }
    report = safe_sandbox.judge(job)
    assert report.status in verdicts, report
    for text in (report.tests[0].stdout, report.tests[0].stderr):
        assert "PWNED!" not in text.replace('puts("PWNED!")', "") and "root:" not in text
