/* Restores the terminal after a crash. The globals are the terminal hook: signal handlers have nothing else to reach. */
#include "tui/term/guard.h"

#include "backends/base/err.h"
#include "backends/base/mem.h"
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
/* Paste, mouse and focus reports off; attributes, ACS and colours off; scroll region whole; main screen; cursor on. */
static const char leave[] = "\033[?2004l\033[?1000l\033[?1002l\033[?1006l\033[?1004l\033["
			    "m\033(B\033[r\033[?1049l\033[?25h\r\n";
static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";

static volatile sig_atomic_t armed_fd = -1;
static struct termios saved;
static char stack[32768];

static void put(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);
		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

static void restore(void)
{
	int fd = armed_fd;
	if (fd < 0)
		return;
	armed_fd = -1;
	put(fd, leave, sizeof(leave) - 1);
	(void)tcsetattr(fd, TCSANOW, &saved);
}

static void on_fatal(int signo)
{
	restore();
	/* SA_RESETHAND: the default action now, so that the core and the exit status are the true ones. */
	(void)raise(signo);
}

void guard_arm(int fd)
{
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction sa = {.sa_handler = on_fatal,
		.sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER};
	if (tcgetattr(fd, &saved) != 0)
		return;
	armed_fd = fd;
	sigemptyset(&sa.sa_mask);
	(void)sigaltstack(&ss, NULL);
	for (size_t i = 0; i < LENGTH(fatal); i++)
		(void)sigaction(fatal[i], &sa, NULL);
	on_die(restore);
}

void guard_disarm(void)
{
	armed_fd = -1;
	on_die(NULL);
	for (size_t i = 0; i < LENGTH(fatal); i++)
		(void)signal(fatal[i], SIG_DFL);
}

void guard_enter(int fd)
{
	put(fd, paste_on, sizeof(paste_on) - 1);
}

void guard_leave(int fd)
{
	put(fd, paste_off, sizeof(paste_off) - 1);
}
