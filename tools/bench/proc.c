/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU time and memory of processes from /proc (proc.h). Program's only thread.
 */
#include "proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* Reads a file of /proc as far as there is room, terminated. 0 or a negative errno. */
static int read_file(const char *path, char *text, size_t bytes)
{
	FILE *f = fopen(path, "re");
	size_t n;
	int ret;

	if (!f)
		return -errno;
	n = fread(text, 1, bytes - 1, f);
	ret = n == 0 ? -ENOENT : 0;
	fclose(f);
	text[n] = 0;
	return ret;
}

/* utime and stime of a stat file, fields 14 and 15; the name before them may hold anything. */
static int read_stat(const char *path, double *seconds)
{
	unsigned long long user, system;
	char text[1024];
	const char *behind;
	int ret = read_file(path, text, sizeof(text));

	if (ret < 0)
		return ret;
	behind = strrchr(text, ')');
	if (!behind || sscanf(behind, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
			      &user, &system) != 2)
		return -EINVAL;
	*seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	return 0;
}

int proc_cpu(pid_t pid, struct proc_cpu *out)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ret = read_stat(path, &out->all_s);
	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)pid);
	return read_stat(path, &out->main_s);
}

/* The kB behind "\nname:" */
static int field_bytes(const char *text, const char *name, uint64_t *bytes)
{
	const char *at = strstr(text, name);
	unsigned long long kb;

	if (!at || sscanf(at + strlen(name), "%llu kB", &kb) != 1)
		return -EINVAL;
	*bytes = kb * 1024;
	return 0;
}

int proc_memory(pid_t pid, struct proc_memory *out)
{
	char path[64], text[4096];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	ret = read_file(path, text, sizeof(text));
	if (ret == 0)
		ret = field_bytes(text, "\nRss:", &out->rss_bytes);
	return ret < 0 ? ret : field_bytes(text, "\nPss:", &out->pss_bytes);
}

int proc_list_add(struct proc_list *list, const char *value)
{
	struct proc_cpu cpu;
	uint32_t pid;

	if (bench_numbers("--pid", value, 1, INT32_MAX, &pid, 1) < 0)
		return -1;
	if (list->count == PROC_PIDS_MAX) {
		fprintf(stderr, "rtpwire-bench: --pid can be given %u times\n", PROC_PIDS_MAX);
		return -1;
	}
	if (proc_cpu((pid_t)pid, &cpu) < 0) {
		fprintf(stderr,
			"rtpwire-bench: --pid takes the number of a running process, not \"%s\"\n",
			value);
		return -1;
	}
	list->pids[list->count++] = (pid_t)pid;
	return 0;
}

int proc_list_cpu(const struct proc_list *list, struct proc_cpu *out)
{
	for (unsigned int i = 0; i < list->count; i++) {
		int ret = proc_cpu(list->pids[i], &out[i]);

		if (ret < 0) {
			fprintf(stderr, "rtpwire-bench: cannot read the CPU time of --pid %d: %s\n",
				(int)list->pids[i], strerror(-ret));
			return -1;
		}
	}
	return 0;
}

void proc_name(pid_t pid, char *text, size_t bytes)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (read_file(path, text, bytes) < 0)
		snprintf(text, bytes, "?");
	text[strcspn(text, "\n")] = 0;
}
