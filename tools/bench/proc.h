/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel says about a process: CPU time and memory. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_PROC_H
#define RTPWIRE_BENCH_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_PIDS_MAX 8u

/* Processes named by --pid. */
struct proc_list {
	pid_t pids[PROC_PIDS_MAX];
	unsigned int count;
};

/* User and system time since it started, in steps of the kernel's clock tick (10 ms). */
struct proc_cpu {
	double all_s; /* of all threads */
	double main_s; /* of the first one */
};

struct proc_memory {
	uint64_t rss_bytes;
	uint64_t pss_bytes; /* a page that n processes share counts as 1/n */
};

/* 0, or a negative errno: -ENOENT when it has ended, -EACCES for processes of others. */
int proc_cpu(pid_t pid, struct proc_cpu *out);
int proc_memory(pid_t pid, struct proc_memory *out);

/* Adds the process of --pid's value, which must be running. 0, or -1 after a message. */
int proc_list_add(struct proc_list *list, const char *value);

/* CPU time of each; out has room for PROC_PIDS_MAX. 0, or -1 after a message. */
int proc_list_cpu(const struct proc_list *list, struct proc_cpu *out);

/* The program's name, cut by the kernel to 15 characters; "?" when it has ended. */
void proc_name(pid_t pid, char *text, size_t bytes);

#endif
