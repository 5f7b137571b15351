/* Faults on demand: preloaded into a process, makes one of its calls on files under a folder fail.
 *
 *   FAULT_UNDER   the folder, absolute; only calls on it and on what lies in it count
 *   FAULT_CALL    open (for writing), read (open for reading), write, fsync, rename, mkdir, unlink
 *   FAULT_AT      which of these calls, from 1 on; each process counts its own
 *   FAULT_HOW     an errno by number, "short" (half of a write is written) or "kill"
 *   FAULT_STICKY  set: all later calls of the kind fail too
 *   FAULT_LOG     a file to which every call that counts is added as a line: its kind and its path
 *
 * The variables are read at every call, so that a process may fork and then choose the fault of its child.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { PASS, FAIL, SHORT };

static int is_under(const char *path)
{
    const char *folder = getenv("FAULT_UNDER");
    char absolute[2 * PATH_MAX];
    if (!folder || !path)
        return 0;
    if (path[0] != '/') {
        if (!getcwd(absolute, PATH_MAX))
            return 0;
        strcat(absolute, "/");
        strncat(absolute, path, PATH_MAX - 2);
        path = absolute;
    }
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static const char *path_of(int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

static void log_call(const char *call, const char *path)
{
    const char *log = getenv("FAULT_LOG");
    char line[PATH_MAX + 32];
    if (!log)
        return;
    int descriptor = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    syscall(SYS_write, descriptor, line, length);
    syscall(SYS_close, descriptor);
}

/* What is to become of a call; sets errno where it is to fail. */
static int fate(const char *call, const char *path)
{
    static int count;
    if (!is_under(path))
        return PASS;
    log_call(call, path);
    const char *chosen = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"), *how = getenv("FAULT_HOW");
    if (!chosen || !at || !how || strcmp(call, chosen))
        return PASS;
    count++;
    if (getenv("FAULT_STICKY") ? count < atoi(at) : count != atoi(at))
        return PASS;
    if (!strcmp(how, "kill"))
        syscall(SYS_kill, getpid(), SIGKILL);
    if (!strcmp(how, "short"))
        return SHORT;
    errno = atoi(how);
    return FAIL;
}

/* The path of a file that is named relative to a folder. */
static const char *path_at(int folder, const char *path, char *whole)
{
    if (!path || path[0] == '/' || folder == AT_FDCWD)
        return path;
    path_of(folder, whole);
    strcat(whole, "/");
    return strncat(whole, path, PATH_MAX - 2);
}

static int open_fate(const char *path, int flags)
{
    return fate((flags & O_ACCMODE) == O_RDONLY ? "read" : "open", path);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...)
{
    REAL(open);
    MODE
    return open_fate(path, flags) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    REAL(open64);
    MODE
    return open_fate(path, flags) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    REAL(openat);
    char whole[2 * PATH_MAX];
    MODE
    return open_fate(path_at(folder, path, whole), flags) ? -1 : real(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    REAL(openat64);
    char whole[2 * PATH_MAX];
    MODE
    return open_fate(path_at(folder, path, whole), flags) ? -1 : real(folder, path, flags, mode);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    REAL(write);
    char path[PATH_MAX];
    int what = fate("write", path_of(descriptor, path));
    return what == FAIL ? -1 : real(descriptor, data, what == SHORT && size > 1 ? size / 2 : size);
}

int fsync(int descriptor)
{
    REAL(fsync);
    char path[PATH_MAX];
    return fate("fsync", path_of(descriptor, path)) ? -1 : real(descriptor);
}

int syncfs(int descriptor)
{
    REAL(syncfs);
    char path[PATH_MAX];
    return fate("fsync", path_of(descriptor, path)) ? -1 : real(descriptor);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return fate("rename", to) ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    return fate("mkdir", path) ? -1 : real(path, mode);
}

int unlink(const char *path)
{
    REAL(unlink);
    return fate("unlink", path) ? -1 : real(path);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL(renameat);
    char whole[2 * PATH_MAX];
    return fate("rename", path_at(to_folder, to, whole)) ? -1 : real(from_folder, from, to_folder, to);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    REAL(mkdirat);
    char whole[2 * PATH_MAX];
    return fate("mkdir", path_at(folder, path, whole)) ? -1 : real(folder, path, mode);
}

int unlinkat(int folder, const char *path, int flags)
{
    REAL(unlinkat);
    char whole[2 * PATH_MAX];
    return fate("unlink", path_at(folder, path, whole)) ? -1 : real(folder, path, flags);
}
