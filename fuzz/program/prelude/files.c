/* SPDX-License-Identifier: MIT */
/* ---- files ---- */

/* A system call of @user. */
#define AS(user, call) (become(user) ? (umask(0), as_before(call)) : SKIPPED)

static long long as_before(long long result)
{
    int error = errno;

    umask(022);
    (void)become(1);
    errno = error;
    return result;
}

enum file_kind { file_regular, file_fifo, file_socket };

static long long file_create(const char *at, enum file_kind kind, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, r;

    if (kind == file_fifo)
        return mkfifo(at, mode);
    if (kind == file_regular) {
        fd = open(at, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
        if (fd < 0)
            return -1;
        r = write(fd, at, strlen(at)) < 0 ? -1 : 0;
        close(fd);
        return r;
    }
    if (strlen(at) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, at, strlen(at));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    umask(~mode & 0777);
    r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    close(fd);
    return r;
}

static long long file_lock(const char *at)
{
    if (locked >= 0)
        close(locked);
    locked = open(at, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    return locked < 0 ? -1 : flock(locked, LOCK_EX | LOCK_NB);
}

static long long file_unlock(void)
{
    if (locked >= 0)
        close(locked);
    locked = -1;
    return 0;
}

static int file_exists(const char *at)
{
    struct stat status;

    return lstat(at, &status) == 0;
}

/* The text of a link: absolute where the program says so. */
static const char *link_text(const char *text, size_t length)
{
    static char full[4096];

    snprintf(full, sizeof(full), "%s%.*s", length > 0 && *text == '/' ? root : "", (int)length,
             text);
    return full;
}
