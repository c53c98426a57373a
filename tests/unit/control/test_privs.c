/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving up root, tried in children: what is left afterwards, and who is refused. Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "privs.h"

/* Runs body in a child; its return value is what this returns. */
static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int status_line(const char *name, char *out, size_t n)
{
	FILE *f = fopen("/proc/self/status", "r");
	int found = 0;

	while (f && fgets(out, (int)n, f)) {
		if (strncmp(out, name, strlen(name)) == 0) {
			found = 1;
			break;
		}
	}
	if (f)
		fclose(f);
	return found;
}

static int drop_and_look(void)
{
	static const char *const sets[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:" };
	gid_t groups[] = { 0, 4 };
	struct rlimit core;
	struct privs p;
	char line[256];

	setgroups(2, groups);
	if (privs_find("nobody", &p) != 0 || privs_drop(&p) != 0)
		return 1;
	if (getuid() != p.uid || geteuid() != p.uid || getgid() != p.gid || p.uid == 0)
		return 2;
	if (getgroups(0, NULL) != 0)
		return 3;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!status_line(sets[i], line, sizeof(line)) ||
		    !strstr(line, "\t0000000000000000\n"))
			return 10 + (int)i;
	}
	if (!status_line("NoNewPrivs:", line, sizeof(line)) || !strstr(line, "\t1\n"))
		return 4;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 5;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 7;
	return setuid(0) == 0 || open("/etc/shadow", O_RDONLY) >= 0 ? 6 : 0;
}

/* A second process start as an ordinary user: nothing to become, still nothing to keep. */
static int as_ordinary_user(void)
{
	struct privs p;

	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
		return 1;
	if (privs_find("", &p) != 0 || p.root || privs_drop(&p) != 0)
		return 2;
	if (privs_find("root", &p) != -EPERM)
		return 3;
	return privs_find("nobody", &p) == 0 ? 0 : 4;
}

static int refusals(void)
{
	struct privs p;

	if (privs_find("root", &p) != -EPERM)
		return 1;
	if (privs_find("no-such-user-here", &p) != -ENOENT)
		return 2;
	return privs_find("", &p) == 0 && p.root && p.uid != 0 ? 0 : 3;
}

/* Before anything else, and without giving up anything. */
static int seal_and_look(void)
{
	struct rlimit core;

	if (privs_seal() != 0 || prctl(PR_GET_DUMPABLE) != 0)
		return 1;
	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 ? 0 : 2;
}

static void memory_stays_its_own(void **state)
{
	(void)state;
	assert_int_equal(in_child(seal_and_look), 0);
}

static void nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_and_look), 0);
}

static void ordinary_users_may_start_it(void **state)
{
	(void)state;
	assert_int_equal(in_child(as_ordinary_user), 0);
}

static void root_and_strangers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(in_child(refusals), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_stays_its_own),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(ordinary_users_may_start_it),
		cmocka_unit_test(root_and_strangers_are_refused),
	};

	if (geteuid() != 0)
		return 77; /* meson: skipped */
	log_set_level(LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
