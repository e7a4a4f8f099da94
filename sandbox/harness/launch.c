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
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { CHILD_STACK = 128 << 10, CRASHED = 70 };

static struct report *reports;
static char *stack;

int launch_open(void) {
    int failed = inits_open();
    reports = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    stack = mmap(0, CHILD_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed || reports == MAP_FAILED || stack == MAP_FAILED)
        return failed ? failed : -errno;
    return 0;
}

struct report *launch_report(int64_t place) { return reports + place; }
int launch_stage(int place) { return reports[place].stage; }
int launch_error(int place) { return reports[place].error; }

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
        pid = clone(native, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)o);
    } else {
        pid = fork();
        if (pid == 0) {
            if (confine(o, 1) < 0)
                _exit(CRASHED);
            report->stage = DONE;
            munmap(reports, 4096);
            munmap(stack, CHILD_STACK);
            inits_forget();
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
