/* Write boundaries of a process and of all that it starts, and its death at one of them.

   Preloaded (LD_PRELOAD), so that Python, the JVM, delta-rs and SQLite are seen alike: every call by
   which a program changes the files of a folder is a boundary. All processes count in one shared
   file. At the boundary of KILL_AT the whole process group gets a signal. SIGKILL comes before the
   call is made, or, of a write, when half of its bytes are written; who comes to a later one stops
   there for good. After any other signal the program goes on as it can.

   BOUNDARIES_UNDER    folder whose changes count
   BOUNDARIES_COUNTER  file of eight bytes, zero at first
   BOUNDARIES_TOLD     file that gets a line per boundary: number, call, path below the folder
   BOUNDARIES_KILL_AT  number of the boundary to die at; 0 is none
   BOUNDARIES_SIGNAL   number of the signal

   Build: cc -shared -fPIC -O1 -o boundaries.so boundaries.c -ldl
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 65536
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* What holds no content: logs, locks, Prefect's own store, and the folder of Spark's own tables. */
static const char *const SKIPPED[] = {"logs/", ".lanes", "prefect", "warehouse", NULL};

static volatile unsigned long *counter;
static const char *under;
static size_t under_length;
static unsigned long kill_at;
static int by;
static int told = -1;
/* Files opened to be written that have not been written to yet. */
static volatile char fresh[FILES];

__attribute__((constructor)) static void begin(void) {
    under = getenv("BOUNDARIES_UNDER");
    const char *file = getenv("BOUNDARIES_COUNTER");
    const char *lines = getenv("BOUNDARIES_TOLD");
    const char *number = getenv("BOUNDARIES_KILL_AT");
    const char *signal = getenv("BOUNDARIES_SIGNAL");
    if (!under || !file || !lines || !number || !signal)
        return;
    by = atoi(signal);
    under_length = strlen(under);
    kill_at = strtoul(number, NULL, 10);
    int shared = REAL(open)(file, O_RDWR | O_CLOEXEC);
    told = REAL(open)(lines, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (shared < 0 || told < 0)
        abort();
    void *memory = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    if (memory == MAP_FAILED)
        abort();
    REAL(close)(shared);
    counter = memory;
}

/* The part of a path below the folder; NULL where it lies elsewhere or does not count. */
static const char *below(int directory, const char *path, char *whole) {
    if (!counter || !path)
        return NULL;
    if (path[0] == '/') {
        if (snprintf(whole, PATH_MAX, "%s", path) >= PATH_MAX)
            return NULL;
    } else {
        char at[PATH_MAX], link[64];
        if (directory == AT_FDCWD) {
            if (!getcwd(at, sizeof at))
                return NULL;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
            ssize_t length = readlink(link, at, sizeof at - 1);
            if (length < 0)
                return NULL;
            at[length] = 0;
        }
        if (snprintf(whole, PATH_MAX, "%s/%s", at, path) >= PATH_MAX)
            return NULL;
    }
    if (strncmp(whole, under, under_length) || whole[under_length] != '/')
        return NULL;
    const char *rest = whole + under_length + 1;
    for (const char *const *skipped = SKIPPED; *skipped; skipped++)
        if (!strncmp(rest, *skipped, strlen(*skipped)))
            return NULL;
    return rest;
}

static void die(void) {
    kill(-getsid(0), SIGKILL);
    kill(0, SIGKILL);
    for (;;)
        pause();
}

/* Whether this is the boundary to die at by SIGKILL. Who is later never returns. */
static int arrive(const char *call, const char *rest) {
    unsigned long number = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    if (kill_at && number > kill_at && by == SIGKILL)
        for (;;)
            pause();
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%lu\t%s\t%s\n", number, call, rest);
    if (REAL(write)(told, line, length) < 0)
        abort();
    if (number != kill_at || by == SIGKILL)
        return number == kill_at;
    kill(-getsid(0), by);
    return 0;
}

static void boundary(const char *call, int directory, const char *path) {
    char whole[PATH_MAX];
    const char *rest = below(directory, path, whole);
    if (rest && arrive(call, rest))
        die();
}

static const char *name_of(int file, char *whole) {
    char link[64], at[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = counter ? readlink(link, at, sizeof at - 1) : -1;
    if (length < 0)
        return NULL;
    at[length] = 0;
    return below(AT_FDCWD, at, whole);
}

static int opened(int directory, const char *path, int flags, int file) {
    char whole[PATH_MAX];
    if (file >= 0 && file < FILES)
        fresh[file] = (flags & (O_WRONLY | O_RDWR)) && below(directory, path, whole);
    return file;
}

static int writes(int flags) {
    return (flags & (O_CREAT | O_TRUNC)) && (flags & (O_WRONLY | O_RDWR));
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = va_arg(rest, mode_t);                                                        \
        va_end(rest);                                                                              \
        if (writes(flags))                                                                         \
            boundary("open", AT_FDCWD, path);                                                      \
        return opened(AT_FDCWD, path, flags, REAL(name)(path, flags, mode));                       \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int name(int directory, const char *path, int flags, ...) {                                    \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = va_arg(rest, mode_t);                                                        \
        va_end(rest);                                                                              \
        if (writes(flags))                                                                         \
            boundary("open", directory, path);                                                     \
        return opened(directory, path, flags, REAL(name)(directory, path, flags, mode));           \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                \
    FILE *name(const char *path, const char *mode) {                                               \
        if (mode[0] != 'r')                                                                        \
            boundary("open", AT_FDCWD, path);                                                      \
        return REAL(name)(path, mode);                                                             \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* The first write to a file: half of it is there when the process dies. */
static size_t first_write(int file, size_t count, int *dies) {
    *dies = 0;
    if (file < 0 || file >= FILES || !fresh[file])
        return count;
    fresh[file] = 0;
    char whole[PATH_MAX];
    const char *rest = name_of(file, whole);
    *dies = rest && arrive("write", rest);
    return *dies ? count / 2 : count;
}

ssize_t write(int file, const void *bytes, size_t count) {
    int dies;
    ssize_t done = REAL(write)(file, bytes, first_write(file, count, &dies));
    if (dies)
        die();
    return done;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    int dies;
    ssize_t done = REAL(writev)(file, parts, first_write(file, count, &dies));
    if (dies)
        die();
    return done;
}

#define PWRITE(name, offset_type)                                                                  \
    ssize_t name(int file, const void *bytes, size_t count, offset_type offset) {                  \
        int dies;                                                                                  \
        ssize_t done = REAL(name)(file, bytes, first_write(file, count, &dies), offset);           \
        if (dies)                                                                                  \
            die();                                                                                 \
        return done;                                                                               \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC(name)                                                                                 \
    int name(int file) {                                                                           \
        char whole[PATH_MAX];                                                                      \
        const char *rest = name_of(file, whole);                                                   \
        if (rest && arrive("sync", rest))                                                          \
            die();                                                                                 \
        return REAL(name)(file);                                                                   \
    }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
    boundary("rename", AT_FDCWD, to);
    return REAL(rename)(from, to);
}
int renameat(int from_in, const char *from, int to_in, const char *to) {
    boundary("rename", to_in, to);
    return REAL(renameat)(from_in, from, to_in, to);
}
int renameat2(int from_in, const char *from, int to_in, const char *to, unsigned flags) {
    boundary("rename", to_in, to);
    return REAL(renameat2)(from_in, from, to_in, to, flags);
}
int link(const char *from, const char *to) {
    boundary("link", AT_FDCWD, to);
    return REAL(link)(from, to);
}
int linkat(int from_in, const char *from, int to_in, const char *to, int flags) {
    boundary("link", to_in, to);
    return REAL(linkat)(from_in, from, to_in, to, flags);
}
int unlink(const char *path) {
    boundary("unlink", AT_FDCWD, path);
    return REAL(unlink)(path);
}
int unlinkat(int directory, const char *path, int flags) {
    boundary("unlink", directory, path);
    return REAL(unlinkat)(directory, path, flags);
}
int remove(const char *path) {
    boundary("unlink", AT_FDCWD, path);
    return REAL(remove)(path);
}
int ftruncate(int file, off_t length) {
    char whole[PATH_MAX];
    const char *rest = name_of(file, whole);
    if (rest && arrive("truncate", rest))
        die();
    return REAL(ftruncate)(file, length);
}
int ftruncate64(int file, off64_t length) {
    char whole[PATH_MAX];
    const char *rest = name_of(file, whole);
    if (rest && arrive("truncate", rest))
        die();
    return REAL(ftruncate64)(file, length);
}
