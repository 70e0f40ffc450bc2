/*
 * Signals come through a signalfd: they are blocked in the process and read in the loop, so a
 * handler is ordinary code. Threads must be made after loop_new, that they inherit the mask.
 */
#include "backends/base/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backends/base/loop_private.h"

static void apply_mask(struct loop *l)
{
	if (signalfd(l->signal_fd, &l->mask, 0) < 0)
		die(71, "no signal queue: %s", strerror(errno));
}

/* SIGCHLD must not be ignored, as a parent may have left it: children would vanish unseen. */
void loop_signals_init(struct loop *l)
{
	struct epoll_event ev = {.events = EPOLLIN};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&l->mask);
	sigaddset(&l->mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &l->mask, &l->inherited);
	l->signal_fd = signalfd(-1, &l->mask, SFD_NONBLOCK | SFD_CLOEXEC);
	ev.data.fd = l->signal_fd;
	if (l->signal_fd < 0 ||
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->signal_fd, &ev) != 0)
		die(71, "no signal queue: %s", strerror(errno));
}

void loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg)
{
	sigset_t one;

	BUG_ON(signo <= 0 || signo >= _NSIG);
	l->signals[signo] = (struct loop_signal_entry){fn, arg};
	if (signo == SIGCHLD)
		return;
	sigemptyset(&one);
	sigaddset(&one, signo);
	if (fn) {
		sigprocmask(SIG_BLOCK, &one, NULL);
		sigaddset(&l->mask, signo);
		apply_mask(l);
	} else {
		sigdelset(&l->mask, signo);
		apply_mask(l);
		if (!sigismember(&l->inherited, signo))
			sigprocmask(SIG_UNBLOCK, &one, NULL);
	}
}

void loop_run_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	l->signals_ready = false;
	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int signo = (int)info.ssi_signo;
		struct loop_signal_entry entry;

		if (signo == SIGCHLD)
			loop_reap(l);
		if (signo <= 0 || signo >= _NSIG)
			continue;
		entry = l->signals[signo];
		if (entry.fn)
			entry.fn(l, signo, entry.arg);
	}
}

void loop_free_signals(struct loop *l)
{
	close(l->signal_fd);
	sigprocmask(SIG_SETMASK, &l->inherited, NULL);
}
