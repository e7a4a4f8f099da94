"""Programs of every language that is installed: each ends as it deserves, within limits made for its runtime."""

from typing import Any

import pytest

from sandbox import Limits, Program, Sandbox, Verdict
from sandbox.languages import LANGUAGES, available, find
from sandbox.report import EVIDENCE_BYTES

pytestmark = pytest.mark.e2e
JAVA = "import java.util.*;\npublic class Main { public static void main(String[] a) throws Exception { @ } }"
C = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(void) { @ }"
CPP = "#include <cstring>\n#include <iostream>\n#include <vector>\nint main() { @ }"
GO = 'package main\nimport ("fmt"; "os")\nfunc main() { _ = fmt.Sprint; _ = os.Exit; @ }'
RUST = "fn main() { @ }"
# language -> what to do -> program
PROGRAMS: dict[str, dict[str, str]] = {
    "python": {"fail": "raise SystemExit(3)", "loop": "while True: pass", "eat": "x = []\nwhile True: x.append(bytearray(1 << 20))",
               "flood": "while True: print('x' * 1000)"},
    "c": {"fail": C.replace("@", "abort();"), "loop": C.replace("@", "for (volatile int i = 0;; i++);"),
          "eat": C.replace("@", "for (;;) memset(malloc(1 << 20), 1, 1 << 20);"), "flood": C.replace("@", 'for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxx");')},
    "cpp": {"fail": CPP.replace("@", "throw 1;"), "loop": CPP.replace("@", "for (volatile int i = 0;; i++);"),
            "eat": CPP.replace("@", "std::vector<char*> v; for (;;) { v.push_back(new char[1 << 20]); memset(v.back(), 1, 1 << 20); }"),
            "flood": CPP.replace("@", 'for (;;) std::cout << "xxxxxxxxxxxxxxxxxxxxxxx\\n";')},
    "java": {"fail": JAVA.replace("@", "throw new RuntimeException();"), "loop": JAVA.replace("@", "while (true);"),
             "eat": JAVA.replace("@", "List<byte[]> l = new ArrayList<>(); while (true) l.add(new byte[1 << 20]);"),
             "flood": JAVA.replace("@", 'while (true) System.out.println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");')},
    "javascript": {"fail": "throw new Error('x')", "loop": "for (;;);", "eat": "const l = []; for (;;) l.push(new Array(1e6).fill(1.5))",
                   "flood": "for (;;) require('fs').writeSync(1, 'x'.repeat(1000))"},
    "typescript": {"fail": "const x: number = 1; throw new Error(String(x))", "loop": "for (;;);",
                   "eat": "const l: number[][] = []; for (;;) l.push(new Array(1e6).fill(1.5))",
                   "flood": "declare var require: any; for (;;) require('fs').writeSync(1, 'x'.repeat(1000))"},
    "go": {"fail": GO.replace("@", 'panic("x")'), "loop": GO.replace("@", "for i := 0; ; i++ { _ = i }"),
           "eat": GO.replace("@", "var l [][]byte; for { b := make([]byte, 1<<20); for i := range b { b[i] = 1 }; l = append(l, b); _ = l }"),
           "flood": GO.replace("@", 'for { fmt.Println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") }')},
    "rust": {"fail": RUST.replace("@", 'panic!("x");'), "loop": RUST.replace("@", "loop { std::hint::black_box(1); }"),
             "eat": RUST.replace("@", "let mut l: Vec<Vec<u8>> = Vec::new(); loop { l.push(vec![1u8; 1 << 20]); }"),
             "flood": RUST.replace("@", 'loop { println!("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"); }')},
    "bash": {"fail": "exit 3", "loop": "while :; do :; done", "eat": "x=y; while :; do x=$x$x; done", "flood": "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxx; done"},
}  # fmt: skip
DESERVED = {"fail": {"RE"}, "loop": {"TLE"}, "eat": {"MLE", "RE"}, "flood": {"OLE"}}
"""A runtime that hears of no more memory may say so in words of its own, and end by itself."""
SAYS_MEMORY = {"python", "c", "cpp", "java", "javascript", "typescript", "go"}
"""Those whose running out of memory must be told from other failures."""


def needs(language: str) -> None:
    if lacking := available()[language]:
        pytest.skip(f"{lacking} not installed")


def judged(sandbox: Sandbox, language: str, code: str, output: str = "1", **limits: Any) -> Any:
    limits = {"wall_s": 1, "memory_mb": 128, "output_bytes": 1 << 20, **limits}
    tests = [{"input": "", "output": output}]
    return sandbox.judge({"language": language, "mode": "stdio", "code": code, "tests": tests, "limits": limits})


def test_the_table_is_whole() -> None:
    assert PROGRAMS.keys() == LANGUAGES.keys()


# Endless loops and floods of the other languages are in the contract's and the attacks' tables.
CASES = [
    (language, what)
    for language in PROGRAMS
    for what in DESERVED
    if what in ("fail", "eat") or language in ("java", "javascript", "go")
]


@pytest.mark.parametrize(("language", "what"), CASES)
def test_a_program_ends_as_it_deserves(jail: Sandbox, language: str, what: str) -> None:
    needs(language)
    report = judged(jail, language, PROGRAMS[language][what], wall_s=1 if what == "loop" else 20)
    wanted = {"MLE"} if what == "eat" and language in SAYS_MEMORY else DESERVED[what]
    assert report.status in wanted, report


MANY_ERRORS = "".join(f"int f{n}() {{ return undefined_{n}; }}\n" for n in range(300)) + "int main() {}"


@pytest.mark.parametrize("language", ["cpp", "java", "rust", "go", "typescript"])
def test_what_a_compiler_says_is_bounded_evidence(jail: Sandbox, language: str) -> None:
    needs(language)
    report = judged(jail, language, MANY_ERRORS if language in ("c", "cpp") else "class x { fn !! " * 300)
    assert report.status == Verdict.CE, report
    assert 0 < len(report.tests[0].stderr) < EVIDENCE_BYTES + 100


THREADS = {
    "java": JAVA.replace("@", "Thread[] t = new Thread[20]; int[] n = {0}; for (int i = 0; i < 20; i++) { t[i] = new Thread(() -> { synchronized (n) { n[0]++; } }); t[i].start(); } for (Thread x : t) x.join(); System.out.println(n[0]);"),
    "go": 'package main\nimport ("fmt"; "sync")\nfunc main() { var w sync.WaitGroup; var m sync.Mutex; n := 0; for i := 0; i < 20; i++ { w.Add(1); go func() { m.Lock(); n++; m.Unlock(); w.Done() }() }; w.Wait(); fmt.Println(n) }',
    "cpp": "#include <atomic>\n#include <iostream>\n#include <thread>\n#include <vector>\nint main() { std::atomic<int> n{0}; std::vector<std::thread> t; for (int i = 0; i < 20; i++) t.emplace_back([&] { n++; }); for (auto& x : t) x.join(); std::cout << n; }",
    "javascript": "const {Worker, isMainThread} = require('worker_threads'); if (isMainThread) { let n = 0; for (let i = 0; i < 3; i++) new Worker(__filename).on('exit', () => { if (++n == 3) console.log(20) }) }",
    "rust": "use std::thread; fn main() { let h: Vec<_> = (0..20).map(|_| thread::spawn(|| 1)).collect(); println!(\"{}\", h.into_iter().map(|x| x.join().unwrap()).sum::<i32>()); }",
    "python": "import threading\nn = []\nt = [threading.Thread(target=n.append, args=(1,)) for _ in range(20)]\n[x.start() for x in t]; [x.join() for x in t]; print(len(n))",
}  # fmt: skip


@pytest.mark.parametrize("language", THREADS)
def test_threads_have_room_beside_those_of_the_runtime(jail: Sandbox, language: str) -> None:
    needs(language)
    report = judged(jail, language, THREADS[language], "20", wall_s=10, memory_mb=256, processes=32)
    assert report.status == Verdict.AC, report


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("cpp", "int f(int n) { return n ? 1 + f(n - 1) : 0; }\n" + CPP.replace("@", "std::cout << f(1000000);").replace("int main", "int f(int); int main")),
        ("java", "public class Main { static int f(int n) { return n == 0 ? 0 : 1 + f(n - 1); } public static void main(String[] a) throws Exception { Thread t = new Thread(null, () -> System.out.println(f(1000000)), \"x\", 1 << 29); t.start(); t.join(); } }"),
        ("go", 'package main\nimport "fmt"\nfunc f(n int) int { if n == 0 { return 0 }; return 1 + f(n-1) }\nfunc main() { fmt.Println(f(1000000)) }'),
    ],
)  # fmt: skip
def test_a_million_calls_deep_is_no_failure(jail: Sandbox, language: str, code: str) -> None:
    needs(language)
    assert judged(jail, language, code, "1000000", memory_mb=512, wall_s=10).status == Verdict.AC


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_name_in_another_case_or_an_alias_is_the_same_language(language: str) -> None:
    assert {find(name).name for name in (language, language.upper(), *LANGUAGES[language].aliases)} == {language}


def test_arguments_reach_programs_of_each_kind(jail: Sandbox) -> None:
    needs("c")
    code = '#include <stdio.h>\nint main(int n, char **a) { printf("%d %s", n, a[1]); }'
    assert jail.run(Program("c", code, argv=("x y",)), Limits()).stdout == b"2 x y"
    assert jail.run(Program("python", "import sys; print(sys.argv[1:])", argv=("x y",))).stdout == b"['x y']\n"
    assert jail.run(Program("bash", 'echo "$1"', argv=("x y",))).stdout == b"x y\n"
