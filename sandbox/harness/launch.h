/* What launch.c and repeat.c share. */
#ifndef LAUNCH_H
#define LAUNCH_H

#define _GNU_SOURCE
#include <linux/filter.h>
#include <stdint.h>

enum { MOST_DESCRIPTORS = 8, MOST_LIMITS = 16 };
enum stage { SESSION = 1, NAMESPACES, PROC, BOX, DESCRIPTORS, SCRATCH, LIMITS, USER, RIGHTS, FILTER, EXEC, DONE };

/* Same order and sizes as launcher.py's Order. */
struct order {
    int64_t place, init, home, uid, dumpable, boxed, defaults, victim, count;
    int64_t descriptors[MOST_DESCRIPTORS];
    int64_t limited, limits[MOST_LIMITS][3];
    const struct sock_fprog *filter;
    const char *scratch, *scratch_options;
    char *const *argv, *const *envp;
};

/* How far a start came. Seen by both sides of a fork; gone from the child before anything of a stranger's runs in it. */
struct report {
    volatile int32_t stage, error;
};

/* launch.c */
struct report *launch_report(int64_t place);
int launch_stage(int place);
int launch_error(int place);
/* Starts a process as ordered. Returns its pid, -errno, or 0 in a Python program's process. */
int launch(const struct order *o);

/* inits.c */
int inits_open(void);
void inits_forget(void);
/* Make the first process of the next pid namespace ahead, with mounts like the last one's; 0 or -errno. */
int launch_ready(void);
/* The first process of a new pid namespace, in a mount namespace as ordered; its pid, or -errno. */
int launch_init(const struct order *o);
/* What was made ahead is not to be used. */
void launch_discard(void);

#endif
