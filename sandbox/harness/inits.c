/* The first processes of pid namespaces, one for each run, made ahead with the mounts that the run needs. */
#include "launch.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum { STACK = 16 << 10, INITS = 4, MOST_OPTIONS = 128 };

/* What the first process of a pid namespace builds: the mounts of a run. */
struct ground {
    struct pollfd owner;
    volatile int32_t built, stage, error;
    int64_t boxed;
    const char *scratch;
    int own; /* whether it has a scratch directory of its own, or the slot's */
    char options[MOST_OPTIONS];
};

static struct ground grounds[INITS]; /* in turns: of those that are being built there are at most two */
static struct ground *current;       /* of the last one that was asked for */
static int spare, turn;              /* the pid of the next one, and whose turn it is */
static char *stacks;
static int owner; /* a descriptor of this process */

int inits_open(void) {
    if ((owner = (int)syscall(SYS_pidfd_open, getpid(), 0)) < 0)
        return -errno;
    stacks = mmap(0, INITS * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return stacks == MAP_FAILED ? -errno : 0;
}

void inits_forget(void) { munmap(stacks, INITS * STACK); }

/* A system call without libc, whose errno is that of whoever shares our memory. */
static long bare(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#endif
}

struct kernel_action {
    uintptr_t handler;
    unsigned long flags, restorer, mask;
};

static long mounted(const char *what, const char *where, unsigned long flags, const char *options) {
    return bare(SYS_mount, (long)what, (long)where, (long)what, (long)flags, (long)options);
}

static long build(struct ground *g) {
    const unsigned long shut = MS_RDONLY | MS_NOSUID | MS_NODEV;
    long result;
    g->stage = PROC;
    if ((result = mounted("proc", "/proc", shut | MS_NOEXEC, "hidepid=2")) < 0)
        return result;
    g->stage = BOX;
    if (g->boxed && (result = mounted("none", "/box", shut | MS_REMOUNT | MS_BIND | MS_NOATIME, 0)) < 0)
        return result;
    g->stage = SCRATCH;
    return g->own ? mounted("tmpfs", g->scratch, MS_NOSUID | MS_NODEV, g->options) : 0;
}

/* Builds the mounts of a run in a namespace of its own, collects orphans, and takes all others with it when it is killed.
 * It shares our memory, so it makes no call that could touch what we use. */
static int first(void *given) {
    static const unsigned long all = ~0UL;
    static const struct kernel_action ignore = {1, 0, 0, 0};
    struct ground *g = given;
    bare(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, sizeof all, 0);
    bare(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    bare(SYS_rt_sigaction, SIGCHLD, (long)&ignore, 0, sizeof all, 0); /* the kernel collects orphans by itself */
    g->error = (int32_t)-build(g);
    __atomic_store_n(&g->built, 1, __ATOMIC_RELEASE);
    bare(SYS_futex, (long)&g->built, FUTEX_WAKE, 1, 0, 0);
    /* Whoever made us may have died before we asked for a signal then; we hold its descriptors. */
    while (bare(SYS_ppoll, (long)&g->owner, 1, 0, 0, 0) != 1)
        ;
    bare(SYS_exit_group, 0, 0, 0, 0, 0);
    return 0;
}

static int start_init(int64_t boxed, const char *scratch, const char *options) {
    const int flags = CLONE_VM | CLONE_FILES | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
    struct ground *g = grounds + (turn = (turn + 1) % INITS);
    if (options && strlen(options) >= MOST_OPTIONS)
        return -EINVAL;
    *g = (struct ground){.owner = {owner, POLLIN, 0}, .boxed = boxed, .scratch = scratch, .own = options != 0};
    if (options)
        strcpy(g->options, options);
    spare = clone(first, stacks + (turn + 1) * STACK, flags, g);
    if (spare > 0)
        return 0;
    spare = 0;
    return -errno;
}

int launch_ready(void) {
    return spare || !current || !current->own ? 0 : start_init(current->boxed, current->scratch, current->options);
}

/* Whether what was built ahead is what is ordered. */
static int fits(const struct ground *g, const struct order *o) {
    return g->own && o->scratch_options && g->boxed == o->boxed && g->scratch == o->scratch &&
           !strcmp(g->options, o->scratch_options);
}

static int gone(int pid) {
    int ignored;
    return waitpid(pid, &ignored, WNOHANG) == pid;
}

void launch_discard(void) {
    int ignored;
    if (spare) {
        kill(spare, SIGKILL);
        waitpid(spare, &ignored, 0);
    }
    spare = 0;
}

/* Wait until the mounts are there: where they were made ahead that takes no time. */
static int built(const struct ground *g, int pid) {
    const struct timespec look = {0, 50000000};
    while (!__atomic_load_n(&g->built, __ATOMIC_ACQUIRE))
        if (syscall(SYS_futex, &g->built, FUTEX_WAIT, 0, &look, 0, 0) < 0 && errno == ETIMEDOUT && gone(pid))
            return -ESRCH;
    return -g->error;
}

int launch_init(const struct order *o) {
    struct report *report = launch_report(o->place);
    int failed = -ESRCH, pid = 0;
    if (spare && !fits(grounds + turn, o))
        launch_discard();
    if (spare && gone(spare))
        spare = 0;
    for (int tries = spare ? 2 : 1; tries && failed == -ESRCH; tries--) { /* a new one where the spare one died */
        if (!spare && (failed = start_init(o->boxed, o->scratch, o->scratch_options)) < 0)
            return failed;
        current = grounds + turn;
        pid = spare;
        spare = 0;
        failed = built(current, pid);
    }
    report->stage = current->stage;
    report->error = -failed;
    if (failed && failed != -ESRCH) {
        kill(pid, SIGKILL);
        waitpid(pid, 0, 0);
    }
    return failed ? failed : pid;
}
