/* Lays a warm interpreter out in few large pages, which a fork of it copies and takes apart as one: see pages.py. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { LARGE = 2 << 20, REGION = 64 << 20, MOST_FREED = 64 };

#define ALIGNED(address) (((uintptr_t)(address) + LARGE - 1) / LARGE * LARGE)

static char *region, *top, *end;
static void *freed[MOST_FREED]; /* arenas of the region that were given back */
static size_t frees, size_of_freed;

static void *anonymous(size_t size) {
    void *found = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return found == MAP_FAILED ? 0 : found;
}

static void *take(void *unused, size_t size) {
    (void)unused;
    if (frees && size == size_of_freed)
        return freed[--frees];
    if (size > (size_t)(end - top))
        return anonymous(size);
    top += size;
    return top - size;
}

static void give(void *unused, void *arena, size_t size) {
    (void)unused;
    if ((char *)arena < region || (char *)arena >= end) {
        munmap(arena, size);
        return;
    }
    madvise(arena, size, MADV_DONTNEED);
    if (frees < MOST_FREED && (!frees || size == size_of_freed)) {
        size_of_freed = size;
        freed[frees++] = arena;
    }
}

/* Python's PyObjectArenaAllocator. */
struct arenas {
    void *context;
    void *(*take)(void *, size_t);
    void (*give)(void *, void *, size_t);
};

/* Have arenas come one after the other, and the heap begin anew, each from where a large page may begin. */
int pages_open(struct arenas *arenas) {
    char *found = anonymous(REGION + LARGE), *heap = sbrk(0);
    if (!found)
        return -errno;
    region = top = (char *)ALIGNED(found);
    end = region + REGION;
    if (region > found)
        munmap(found, (size_t)(region - found));
    if (found + REGION + LARGE > end)
        munmap(end, (size_t)(found + REGION + LARGE - end));
    (void)sbrk((intptr_t)(ALIGNED(heap) - (uintptr_t)heap));
    *arenas = (struct arenas){0, take, give};
    return 0;
}

/* Where the region of arenas begins, and how much of it is in use. */
uintptr_t pages_region(void) { return (uintptr_t)region; }
uintptr_t pages_used(void) { return (uintptr_t)(top - region); }

/* Put what lies at `block` into one large page. 0 or -errno. */
int pages_collapse(char *block) { return madvise(block, LARGE, MADV_COLLAPSE) < 0 ? -errno : 0; }

/* Put a large page of our own in the place of a file's at `block`, which are read and executed, never written. */
int pages_lift(char *block) {
    char *found = anonymous(2 * LARGE), *copy = (char *)ALIGNED(found);
    int failed;
    if (!found)
        return -errno;
    memcpy(copy, block, LARGE);
    failed = pages_collapse(copy);
    if (!failed && (mprotect(copy, LARGE, PROT_READ | PROT_EXEC) < 0 ||
                    mremap(copy, LARGE, LARGE, MREMAP_MAYMOVE | MREMAP_FIXED, block) == MAP_FAILED))
        failed = -errno;
    munmap(found, 2 * LARGE);
    return failed;
}
