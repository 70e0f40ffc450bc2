/*
 * A disk that fails, for tests: loaded before libc (LD_PRELOAD) into watchdesk-worker. What it does is said by the file of
 * $WATCHDESK_FAULTS, which the test maps too (faults.py): struct faults. Only regular files below $WATCHDESK_FAULTS_UNDER
 * are concerned. It counts every change of such a file; the worker's children are let alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct faults {
	_Atomic int64_t full;    /* not 0: there is no room, until it is 0 again */
	_Atomic int64_t count;   /* changes so far */
	_Atomic int64_t kill_at; /* SIGKILL to itself instead of this one; 0: never */
	_Atomic int64_t fail_at; /* from this one on there is no room ... */
	_Atomic int64_t fail_n;  /* ... for so many */
};
static struct faults *told;
static const char *under;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("WATCHDESK_FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	under = getenv("WATCHDESK_FAULTS_UNDER");
	unsetenv("LD_PRELOAD");
	if (fd < 0 || !under)
		return;
	at = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	told = at == MAP_FAILED ? NULL : at;
}

static bool ours(int fd)
{
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (!told || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return strncmp(path, under, strlen(under)) == 0;
}

/* True: this change of the file does not happen, errno is ENOSPC. */
static bool refused(int fd)
{
	int64_t nth, from;

	if (!ours(fd))
		return false;
	nth = atomic_fetch_add(&told->count, 1) + 1;
	if (nth == atomic_load(&told->kill_at))
		raise(SIGKILL);
	from = atomic_load(&told->fail_at);
	if (!atomic_load(&told->full) &&
		!(from > 0 && nth >= from && nth < from + atomic_load(&told->fail_n)))
		return false;
	errno = ENOSPC;
	return true;
}

/* The function of libc, looked up once: REAL(write)(fd, ...). */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *from, size_t n)
{
	static __typeof__(&write) real;

	real = real ? real : REAL(write);
	return refused(fd) ? -1 : real(fd, from, n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	static __typeof__(&pwrite) real;

	real = real ? real : REAL(pwrite);
	return refused(fd) ? -1 : real(fd, from, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	static __typeof__(&pwrite64) real;

	real = real ? real : REAL(pwrite64);
	return refused(fd) ? -1 : real(fd, from, n, at);
}

int ftruncate(int fd, off_t length)
{
	static __typeof__(&ftruncate) real;

	real = real ? real : REAL(ftruncate);
	return refused(fd) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
	static __typeof__(&ftruncate64) real;

	real = real ? real : REAL(ftruncate64);
	return refused(fd) ? -1 : real(fd, length);
}

int fsync(int fd)
{
	static __typeof__(&fsync) real;

	real = real ? real : REAL(fsync);
	return refused(fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	static __typeof__(&fdatasync) real;

	real = real ? real : REAL(fdatasync);
	return refused(fd) ? -1 : real(fd);
}
