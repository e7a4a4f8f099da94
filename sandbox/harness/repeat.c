/* Serves a slot's runs whose headers are those of earlier runs, without the interpreter: from the message to the answer.
 *
 * Besides the time, an interpreter that works between two forks has its pages copied, as many as the forked program.
 * What is out of the ordinary is handed to repeat.py: other messages, runs that last, and those whose end needs a look.
 */
#include "launch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum { MOST_REPEATS = 4, MOST_GIVEN = 16, MOST_HEADER = 4096, MOST_TEXT = 512, OUTPUTS = 2 };
enum { SOON_MS = 5 }; /* when it is another call that looks after what has ended */
enum { MESSAGE = 1, CHILD, STARTED, ENDED };

/* A run that was served before. Same order and sizes as repeat.py's. */
struct repeat {
    int64_t length, given, first_ms, output; /* of its header (0: none), of its descriptors; limits */
    int64_t take[MOST_DESCRIPTORS];          /* which of the descriptors become 0, 1, 2 … */
    struct order order;
    char header[MOST_HEADER];
};

struct slot {
    int64_t channel, peak, events, cpu, sockets; /* descriptors; -1 where there is none */
    /* What is handed over. */
    int64_t which, given, descriptors[MOST_GIVEN];
    int64_t length, held;
    int64_t pid, init, init_fd, status, cpu_us, rss_kb;
    int64_t ended; /* the first process of the last run, killed and not waited for yet; 0: none */
    double started, wall_s;
    char header[MOST_HEADER], events_before[MOST_TEXT], cpu_before[MOST_TEXT];
    struct repeat repeats[MOST_REPEATS];
};

#define NO_SOCKETS "sockets: used 0\n"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int exactly(int fd, void *to, size_t size) {
    for (size_t have = 0; have < size;) {
        ssize_t got = recv(fd, (char *)to + have, size - have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -ECONNRESET;
        have += (size_t)got;
    }
    return 0;
}

/* Nothing of the last run lives after this. */
static void clear(struct slot *s) {
    int ignored;
    if (!s->ended)
        return;
    waitpid((pid_t)s->ended, &ignored, 0);
    s->ended = 0;
}

/* Who sleeps in recvmsg is woken whenever the host reads. */
static void wait_for_host(struct slot *s) {
    struct pollfd some = {(int)s->channel, POLLIN, 0};
    if (poll(&some, 1, s->ended ? SOON_MS : -1) > 0)
        return;
    clear(s);
    while (poll(&some, 1, -1) < 0 && errno == EINTR)
        ;
}

/* A message's length and descriptors, and its header if that is no longer than those that repeat. */
static int receive(struct slot *s) {
    unsigned char size[4];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(MOST_GIVEN * sizeof(int))];
    } control;
    struct iovec into = {size, sizeof size};
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    int failed = 0;
    wait_for_host(s);
    do
        got = recvmsg((int)s->channel, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got < 0 ? -errno : -ECONNRESET;
    s->given = s->held = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t i = 0; i < count && s->given < MOST_GIVEN; i++) {
                int fd;
                memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                s->descriptors[s->given++] = fd;
            }
        }
    if ((size_t)got < sizeof size)
        failed = exactly((int)s->channel, size + got, sizeof size - (size_t)got);
    s->length = (int64_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
    if (!failed && s->length <= MOST_HEADER) {
        failed = exactly((int)s->channel, s->header, (size_t)s->length);
        s->held = s->length;
    }
    return failed;
}

static void let_go(struct slot *s) {
    for (int i = 0; i < s->given; i++)
        close((int)s->descriptors[i]);
    s->given = 0;
}

static void text_of(int64_t fd, char *to) {
    ssize_t got = fd < 0 ? 0 : pread((int)fd, to, MOST_TEXT - 1, 0);
    to[got > 0 ? got : 0] = 0;
}

/* Whether a run ended by itself, within its limits. */
static int ordinary(const struct slot *s, const struct repeat *r) {
    char events[MOST_TEXT];
    struct stat about;
    if (!WIFEXITED((int)s->status) || launch_stage(0) != DONE)
        return 0;
    for (int i = 0; i < OUTPUTS; i++)
        if (fstat((int)s->descriptors[i], &about) < 0 || about.st_size > r->output)
            return 0;
    text_of(s->events, events);
    return strcmp(events, s->events_before) == 0;
}

static int tell(struct slot *s) {
    char message[256], peak[MOST_TEXT];
    long long kb = s->rss_kb;
    uint32_t size;
    int length;
    ssize_t sent;
    text_of(s->peak, peak);
    if (*peak)
        kb = strtoll(peak, 0, 10) / 1024;
    length = snprintf(message + 4, sizeof message - 4,
                      "{\"op\": \"done\", \"code\": %d, \"signal\": null, \"why\": null, \"wall_ms\": %.3f, "
                      "\"cpu_ms\": %.3f, \"peak_kb\": %lld}",
                      WEXITSTATUS((int)s->status), s->wall_s * 1e3, (double)s->cpu_us / 1e3, kb);
    size = htonl((uint32_t)length);
    memcpy(message, &size, 4);
    length += 4;
    sent = send((int)s->channel, message, (size_t)length, MSG_NOSIGNAL);
    return sent == length ? 0 : sent < 0 ? -errno : -EPIPE;
}

static int64_t microseconds(struct timeval t) { return (int64_t)t.tv_sec * 1000000 + t.tv_usec; }

/* End the run, whose process has ended. That one is waited for first: its namespace can't end before, and would wake for
 * nothing. */
static void finish(struct slot *s) {
    struct rusage used;
    int status;
    wait4((pid_t)s->pid, &status, 0, &used);
    kill((pid_t)s->init, SIGKILL);
    close((int)s->init_fd);
    s->ended = s->init;
    s->status = status;
    s->cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
    s->rss_kb = used.ru_maxrss;
}

/* Serve one run: 0 once it is answered, else what is handed over, or -errno. */
static int serve(struct slot *s, struct repeat *r) {
    struct pollfd ended = {.events = POLLIN};
    int result;
    if (s->peak >= 0)
        (void)!pwrite((int)s->peak, "0", 1, 0);
    if ((s->init = launch_init(&r->order)) < 0)
        return (int)s->init;
    if ((s->init_fd = syscall(SYS_pidfd_open, s->init, 0)) < 0)
        return -errno;
    text_of(s->events, s->events_before);
    text_of(s->cpu, s->cpu_before);
    r->order.init = s->init_fd;
    for (int i = 0; i < r->order.count; i++)
        r->order.descriptors[i] = s->descriptors[r->take[i]];
    s->pid = launch(&r->order);
    if (s->pid <= 0)
        return s->pid ? (int)s->pid : CHILD;
    s->started = now();
    if ((ended.fd = (int)syscall(SYS_pidfd_open, s->pid, 0)) < 0)
        return -errno;
    poll(&ended, 1, (int)r->first_ms);
    close(ended.fd);
    if (!ended.revents)
        return STARTED;
    s->wall_s = now() - s->started;
    finish(s);
    result = ordinary(s, r) ? tell(s) : ENDED;
    if (result)
        clear(s);
    return result;
}

/* A run that looks like an earlier one; -1 where there is none, or where sockets of the last run are still there. */
static int known(const struct slot *s) {
    char sockets[MOST_TEXT];
    text_of(s->sockets, sockets);
    if (*sockets && strncmp(sockets, NO_SOCKETS, sizeof NO_SOCKETS - 1) != 0)
        return -1;
    for (int i = 0; i < MOST_REPEATS; i++) {
        const struct repeat *r = s->repeats + i;
        if (r->length && r->length == s->held && r->given == s->given && !memcmp(r->header, s->header, (size_t)s->held))
            return i;
    }
    return -1;
}

/* Serve until there is something to hand over: MESSAGE, STARTED or ENDED, or CHILD in a new Python program's process.
 * -errno where a jail can't be built or the host is gone. */
int repeat(struct slot *s) {
    int result = 0;
    while (!result) {
        /* The last run ends while the next is made ready and the answer is on its way: the kernel takes its time to end
         * namespaces. What it still holds may leave no room for a process. */
        if (launch_ready() < 0) {
            clear(s);
            if ((result = launch_ready()) < 0)
                break;
        }
        result = receive(s);
        clear(s);
        if (result < 0)
            break;
        s->which = known(s);
        result = s->which < 0 ? MESSAGE : serve(s, s->repeats + s->which);
        if (!result)
            let_go(s);
    }
    return result;
}
