/* Starts confined processes fast: the last steps before a stranger's code, without an interpreter in between.
 *
 * A shared library for launcher.py, compiled where there is a compiler; launcher.py does the same without it, slower.
 * A native program is started by a child that borrows this process's memory until exec, so nothing is copied. A Python
 * program is a fork that returns to the interpreter once it has no rights left.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { INIT_STACK = 16 << 10, CHILD_STACK = 128 << 10, CRASHED = 70, INITS = 4, MOST_OPTIONS = 128 };

/* Seen by both sides of a fork; gone from the child before anything of a stranger's runs in it. */
struct report {
    volatile int32_t stage, error;
};

static struct report *reports;
static char *stacks; /* of inits, then of the child */

/* What the first process of a pid namespace builds: the mounts of a run. */
struct ground {
    volatile int32_t built, stage, error;
    int64_t boxed;
    const char *scratch;
    int own; /* whether it has a scratch directory of its own, or the slot's */
    char options[MOST_OPTIONS];
};

static struct ground grounds[INITS]; /* in turns: of those that are being built there are at most two */
static struct ground *current;       /* of the last one that was asked for */
static int spare, turn;              /* the pid of the next one, and whose turn it is */

enum { STACKS = INITS * INIT_STACK + CHILD_STACK };

int launch_open(void) {
    reports = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    stacks = mmap(0, STACKS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return reports == MAP_FAILED || stacks == MAP_FAILED ? -errno : 0;
}

int launch_stage(int place) { return reports[place].stage; }
int launch_error(int place) { return reports[place].error; }

/* The first process of a pid namespace: builds the mounts of a run in a namespace of its own, collects orphans, and takes
 * all others with it when it is killed. It shares our memory, so it makes no call that could touch what we use: no libc,
 * whose errno is ours. */
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

static int first(void *given) {
    static const unsigned long all = ~0UL;
    static const struct kernel_action ignore = {1, 0, 0, 0};
    struct ground *g = given;
    bare(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, sizeof all, 0);
    bare(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    bare(SYS_rt_sigaction, SIGCHLD, (long)&ignore, 0, sizeof all, 0); /* the kernel collects orphans by itself */
    g->error = (int32_t)-build(g);
    g->built = 1;
    bare(SYS_futex, (long)&g->built, FUTEX_WAKE, 1, 0, 0);
    for (;;)
        bare(SYS_ppoll, 0, 0, 0, 0, 0);
    return 0;
}

static int start_init(int64_t boxed, const char *scratch, const char *options) {
    const int flags = CLONE_VM | CLONE_FILES | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
    struct ground *g = grounds + (turn = (turn + 1) % INITS);
    if (options && strlen(options) >= MOST_OPTIONS)
        return -EINVAL;
    *g = (struct ground){.boxed = boxed, .scratch = scratch, .own = options != 0};
    if (options)
        strcpy(g->options, options);
    spare = clone(first, stacks + (turn + 1) * INIT_STACK, flags, g);
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

void launch_discard(void) {
    int ignored;
    if (spare) {
        kill(spare, SIGKILL);
        waitpid(spare, &ignored, 0);
    }
    spare = 0;
}

static int gone(int pid) {
    int ignored;
    return waitpid(pid, &ignored, WNOHANG) == pid;
}

/* Wait until the mounts are there: where they were made ahead that takes no time. -ESRCH where who makes them is gone. */
static int built(struct ground *g, int pid) {
    const struct timespec look = {0, 50000000};
    while (!g->built)
        if (syscall(SYS_futex, &g->built, FUTEX_WAIT, 0, &look, 0, 0) < 0 && errno == ETIMEDOUT && gone(pid))
            return -ESRCH;
    return gone(pid) ? -ESRCH : -g->error;
}

int launch_init(const struct order *o) {
    struct report *report = reports + o->place;
    int failed = -ESRCH, pid = 0;
    if (spare && !fits(grounds + turn, o))
        launch_discard();
    for (int again = spare != 0; again >= 0 && failed == -ESRCH; again--) { /* a new one where the spare one died */
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

#define STEP(at, call)                                                                                                 \
    do {                                                                                                               \
        report->stage = (at);                                                                                          \
        if ((call) < 0) {                                                                                              \
            report->error = errno;                                                                                     \
            return -1;                                                                                                 \
        }                                                                                                              \
    } while (0)

static void offer(int64_t victim) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd >= 0) {
        if (victim)
            (void)!write(fd, "1000", 4);
        else
            (void)!write(fd, "500", 3);
        close(fd);
    }
}

static int renumber(const struct order *o) {
    int above = (int)o->count; /* out of each other's way, but no higher than needed: tables of descriptors grow */
    for (int i = 0; i < o->count; i++)
        if (o->descriptors[i] >= above)
            above = (int)o->descriptors[i] + 1;
    for (int i = 0; i < o->count; i++)
        if (dup2((int)o->descriptors[i], above + i) < 0)
            return -1;
    for (int i = 0; i < o->count; i++)
        if (dup2(above + i, i) < 0)
            return -1;
    return (int)syscall(SYS_close_range, o->count, ~0U, 0);
}

static int limit(const struct order *o) {
    for (int i = 0; i < o->limited; i++) {
        struct rlimit wanted = {(rlim_t)o->limits[i][1], (rlim_t)o->limits[i][2]};
        if (setrlimit((int)o->limits[i][0], &wanted) < 0)
            return -1;
    }
    return 0;
}

static int become(int64_t uid) {
    if (geteuid() != 0)
        return 0;
    if (syscall(SYS_setgroups, 0, 0) < 0 || syscall(SYS_setresgid, uid, uid, uid) < 0)
        return -1;
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}

static int disarm(void) {
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &head, none) < 0) /* ambient ones go with the permitted */
        return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* From a copy of us to a process without rights. `whole`: it has memory of its own. */
static int confine(const struct order *o, int whole) {
    struct report *report = reports + o->place;
    sigset_t none;
    /* A group of its own, but within a pid namespace no session: the kernel makes a scheduling group for each, and
     * signals, for which sessions matter, reach nothing outside. */
    STEP(SESSION, o->init >= 0 ? setpgid(0, 0) : setsid());
    /* Before /proc can't be written any more: where memory runs out the program is killed, and can't change that. */
    offer(o->victim);
    STEP(NAMESPACES, o->init >= 0 ? setns((int)o->init, CLONE_NEWNS) : 0);
    STEP(DESCRIPTORS, renumber(o));
    for (int number = 1; number < 32; number++)
        if (o->defaults >> number & 1)
            signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    STEP(SCRATCH, chdir(o->scratch));
    umask(077);
    STEP(LIMITS, limit(o));
    STEP(USER, o->uid >= 0 ? become(o->uid) : 0);
    STEP(RIGHTS, o->uid >= 0 ? disarm() : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    /* A change of user makes a process undumpable, its /proc/self root's; exec sets that right by itself. */
    if (whole)
        STEP(RIGHTS, prctl(PR_SET_DUMPABLE, (unsigned long)o->dumpable, 0, 0, 0));
    if (o->filter)
        STEP(FILTER, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, o->filter, 0, 0));
    return 0;
}

static int native(void *given) {
    const struct order *o = given;
    struct report *report = reports + o->place;
    if (confine(o, 0) == 0) {
        report->stage = DONE;
        execve(o->argv[0], o->argv, o->envp);
        report->stage = EXEC;
        report->error = errno;
    }
    _exit(CRASHED);
}

int launch(const struct order *o) {
    struct report *report = reports + o->place;
    int pid, saved;
    report->stage = report->error = 0;
    if (o->init >= 0 && setns((int)o->init, CLONE_NEWPID) < 0)
        return -errno;
    if (o->argv) {
        pid = clone(native, stacks + STACKS, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)o);
    } else {
        pid = fork();
        if (pid == 0) {
            if (confine(o, 1) < 0)
                _exit(CRASHED);
            report->stage = DONE;
            munmap(reports, 4096);
            munmap(stacks, STACKS);
            return 0;
        }
    }
    saved = errno;
    if (o->init >= 0 && setns((int)o->home, CLONE_NEWPID) < 0 && pid > 0) {
        saved = errno;
        kill(pid, SIGKILL);
        pid = -1;
    }
    return pid < 0 ? -saved : pid;
}
