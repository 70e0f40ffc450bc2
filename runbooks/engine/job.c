/* What console and worker agree on about jobs: arguments, plan hash, and finding or
 * starting the worker. */
#include "runbooks/engine/job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/base/crypto.h"
#include "backends/base/file.h"
#include "backends/base/mem.h"

static const char *title_of(const json_t *targets, size_t i)
{
	return json_str(json_array_get(targets, i), "title", "");
}

/* The id in "kind:source:id", without the title where it begins with that. */
static const char *rest_of(const json_t *targets, size_t i)
{
	const char *key = json_str(json_array_get(targets, i), "key", ""),
		   *title = title_of(targets, i);
	const char *id = strchr(key, ':') ? strchr(strchr(key, ':') + 1, ':') : NULL;

	id = id ? id + 1 : key;
	return str_starts(id, title) && id[strlen(title)] == '/' ? id + strlen(title) + 1
								 : id;
}

/* How many bytes the ids of the targets with this title have in common at their ends; 0 also when it is the only one. */
static size_t common_end(const json_t *targets, size_t at, bool *shared)
{
	const char *own = rest_of(targets, at);
	size_t len = strlen(own), common = len;

	for (size_t i = 0; i < json_array_size(targets); i++) {
		const char *other = rest_of(targets, i);
		size_t other_len = strlen(other), same = 0;

		if (i == at || !str_equal(title_of(targets, i), title_of(targets, at)))
			continue;
		*shared = true;
		while (same < len && same < other_len &&
			own[len - 1 - same] == other[other_len - 1 - same])
			same++;
		common = same < common ? same : common;
	}
	return *shared && common < len ? common : 0;
}

/* Three runs of one pipeline have one title: what they are told apart by is added from the id. */
static json_t *told_apart(const json_t *targets)
{
	json_t *out = json_deep_copy(targets);

	for (size_t i = 0; i < json_array_size(targets); i++) {
		bool shared = false;
		const char *rest = rest_of(targets, i);
		size_t end = common_end(targets, i, &shared);
		char *longer;

		if (!shared)
			continue;
		longer = xasprintf(
			"%s %.*s", title_of(targets, i), (int)(strlen(rest) - end), rest);
		json_object_set_new(json_array_get(out, i), "title", json_string(longer));
		free(longer);
	}
	return out;
}

static json_t *spec_args(const char *type, const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:{s:s, s:s, s:O, s:s, s:s}}",
		"type", type, "runbook", runbook_name(r), "title", runbook_title(r),
		"who", operator_name, "host", host, "reason", reason ? reason : "",
		"targets", told_apart(targets), "spec", "runbook", runbook_name(r),
		"version", runbook_hash(r), "params", params, "operator", operator_name,
		"reason", reason ? reason : "");
}

json_t *job_preview_args(const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason)
{
	return spec_args("preview", r, params, targets, operator_name, reason);
}

json_t *job_action_args(const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason,
	long long preview_job, const char *hash)
{
	json_t *args = spec_args("action", r, params, targets, operator_name, reason);
	json_t *spec = json_object_get(args, "spec");

	json_object_set_new(spec, "preview", json_integer(preview_job));
	json_object_set_new(spec, "plan_hash", json_string(hash));
	json_object_set_new(args, "plan_hash", json_string(hash));
	return args;
}

json_t *job_log_args(const char *key, int part, const char *operator_name)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:i}, s:[{s:s, s:s}]}", "type",
		"log", "title", "log", "who", operator_name, "host", host, "spec", "key",
		key, "part", part, "targets", "key", key, "title", key);
}

json_t *job_answer_args(
	long long job, long long n, const char *question, bool yes, const char *who)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:I, s:I, s:s, s:b}, s:[]}", "type",
		"answer", "title", "answer", "who", who, "host", host, "spec", "job",
		(json_int_t)job, "n", (json_int_t)n, "question", question, "yes", yes,
		"targets");
}

bool job_ended(const char *state)
{
	static const char *const ends[] = {"succeeded", "already", "accepted", "failed",
		"partial", "canceled", "unknown", "done"};

	for (size_t i = 0; i < LENGTH(ends); i++)
		if (str_equal(state, ends[i]))
			return true;
	return false;
}

void plan_hash(const char *version, const json_t *params, const json_t *targets,
	const json_t *requests, char hex[65])
{
	json_t *keys = json_array(), *all;
	json_t *target;
	char *text;
	size_t i;

	json_array_foreach (targets, i, target)
		json_array_append_new(keys, json_string(json_str(target, "key", "")));
	all = json_pack("{s:s, s:O, s:o, s:O}", "version", version, "params", params,
		"targets", keys, "requests", requests);
	text = json_text(all);
	crypto_sha256(text, strlen(text), hex);
	free(text);
	json_decref(all);
}

long worker_pid(const char *store_path)
{
	char *path = xasprintf("%s.worker", store_path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[32] = "";
	long long pid = 0;
	bool held;

	free(path);
	if (fd < 0)
		return 0;
	/* Only the lock says that it lives; a pid alone may be old. */
	held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (held && read(fd, text, sizeof(text) - 1) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (!str_to_int(text, &pid))
			pid = 0;
	}
	close(fd);
	return (long)pid;
}

static void __attribute__((noreturn))
become_worker(const char *program, const char *store_path, const char *config_path)
{
	const char *argv[8] = {program, "worker", "--store", store_path};
	int null = open("/dev/null", O_RDWR);

	/* A second fork, so that the worker is nobody's child and no zombie of the
	 * console. */
	if (fork() != 0)
		_exit(0);
	setsid();
	if (config_path) {
		argv[4] = "--config";
		argv[5] = config_path;
	}
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, ~0u, 0);
	execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

bool worker_start(const char *store_path, const char *config_path, struct err *e)
{
	char *folder, *program;
	pid_t pid;
	int status;

	if (worker_pid(store_path) != 0)
		return true;
	folder = file_exe_dir();
	program = xasprintf("%s/watchdesk-worker", folder);
	free(folder);
	if (access(program, X_OK) != 0) {
		err_set(e, ERR_IO,
			"%s is missing, so nothing is collected: run make, or install "
			"both programs into one folder",
			program);
		free(program);
		return false;
	}
	pid = fork();
	if (pid == 0)
		become_worker(program, store_path, config_path);
	free(program);
	if (pid < 0)
		return err_set(e, ERR_IO, "the worker could not be started: %s",
			strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return true;
}

static int open_consoles(const char *store_path)
{
	char *path = xasprintf("%s.consoles", store_path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && !file_narrow_fd(fd, path, NULL)) {
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

int console_hold(const char *store_path)
{
	int fd = open_consoles(store_path);

	/* The worker holds it for an instant only, to look. */
	if (fd >= 0 && flock(fd, LOCK_SH) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool console_held(const char *store_path)
{
	int fd = open_consoles(store_path);
	bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return held;
}
