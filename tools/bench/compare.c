/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire-bench compare`: becomes the script that makes hosts, starts engines and runs `wire` and `signal` as its children
 * (compare.py). Program's only thread.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define PYTHON "/usr/bin/python3"
#define SCRIPT "/bench/compare.py"

/* The script's place beside this program: in the source if it was started from its build directory. */
static const char *script_of(const char *program)
{
	size_t n = strlen(COMPARE_BUILD);

	if (strncmp(program, COMPARE_BUILD, n) == 0 && program[n] == '/')
		return COMPARE_SOURCE SCRIPT;
	return COMPARE_INSTALLED SCRIPT;
}

enum bench_exit bench_compare(int argc, char **argv)
{
	static char python[] = PYTHON, option[] = "--bench", program[PATH_MAX], script[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char **all = calloc((size_t)argc + 4, sizeof(*all));

	if (n < 0 || !all) {
		perror("rtpwire-bench: compare");
		free(all);
		return BENCH_FAILED;
	}
	snprintf(script, sizeof(script), "%s", script_of(program));
	all[0] = python;
	all[1] = script;
	all[2] = option;
	all[3] = program;
	for (int i = 2; i < argc; i++)
		all[i + 2] = argv[i];
	if (access(script, R_OK) < 0) {
		fprintf(stderr, "rtpwire-bench: compare needs %s: %s\n", script, strerror(errno));
	} else {
		execv(python, all);
		fprintf(stderr, "rtpwire-bench: compare needs %s: %s; apt-get install python3\n",
			python, strerror(errno));
	}
	free(all);
	return BENCH_FAILED;
}
